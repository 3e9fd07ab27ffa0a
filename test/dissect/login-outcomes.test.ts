/** What a server answers to a login that has no reply of SASL's. */
import { describe, expect, it } from 'vitest'
import { CLIENT, type Direction, type Dissector, SERVER } from '../../src/dissect/dissector.ts'
import { irc } from '../../src/dissect/irc.ts'
import { xmpp } from '../../src/dissect/xmpp.ts'
import { conversation, Reading, text } from './conversation.ts'

const outcome = (dissector: Dissector, ...turns: readonly (readonly [Direction, string])[]) => {
  const said = turns.map(([from, words]) => [from, text(words)] as const)
  const { credentialsExposed, authOutcome } = new Reading(dissector).hears(conversation(...said)).finish().facts
  return { credentialsExposed, authOutcome }
}

describe('a login by XEP-0078', () => {
  const stream = (end: string) =>
    `<?xml version='1.0'?><stream:stream ${end} xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams'>`
  const asked = "<iq type='get' id='1'><query xmlns='jabber:iq:auth'><username>alice</username></query></iq>"
  const fields = "<iq type='result' id='1'><query xmlns='jabber:iq:auth'><username/><password/></query></iq>"
  const login =
    "<iq type='set' id='2'><query xmlns='jabber:iq:auth'><username>alice</username><password>not-a-secret</password></query></iq>"
  const read = (...more: readonly (readonly [Direction, string])[]) =>
    outcome(xmpp, [CLIENT, stream("to='a.test'")], [SERVER, stream("from='a.test' id='1'")], ...more)

  it.each([
    { answer: "<iq type='result' id='2'/>", want: 'success' },
    { answer: "<iq type='error' id='2'><error code='401' type='auth'/></iq>", want: 'failure' },
  ])('is $want by what answers the password', ({ answer, want }) => {
    expect(read([CLIENT, asked], [SERVER, fields], [CLIENT, login], [SERVER, answer])).toEqual({
      credentialsExposed: ['xmpp-iq-auth'],
      authOutcome: want,
    })
  })

  it('has no outcome by the list of fields, which comes before the password', () => {
    expect(read([CLIENT, asked], [SERVER, fields]).authOutcome).toBeNull()
  })
})

describe('OPER of IRC', () => {
  it.each([
    { answer: ':irc.a.test 381 alice :You are now an IRC operator', want: 'success' },
    { answer: ':irc.a.test 464 alice :Password incorrect', want: 'failure' },
  ])('is $want by its numeric', ({ answer, want }) => {
    const registered = [
      [CLIENT, 'NICK alice\r\nUSER alice 0 * :Alice\r\n'],
      [SERVER, ':irc.a.test 001 alice :Welcome\r\n'],
    ] as const
    expect(outcome(irc, ...registered, [CLIENT, 'OPER alice not-a-secret\r\n'], [SERVER, `${answer}\r\n`])).toEqual({
      credentialsExposed: ['irc-oper'],
      authOutcome: want,
    })
  })
})
