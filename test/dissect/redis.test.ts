import { describe, expect, it } from 'vitest'
import { CLIENT, SERVER } from '../../src/dissect/dissector.ts'
import { redis } from '../../src/dissect/redis.ts'
import { conversation, Reading, text } from './conversation.ts'
import { recognisedBy } from './recognised-by.ts'

const command = (...words: string[]): string =>
  `*${words.length}\r\n${words.map((word) => `$${word.length}\r\n${word}\r\n`).join('')}`
const read = (client: string, server = '') =>
  new Reading(redis).hears(conversation([CLIENT, text(client)], [SERVER, text(server)])).finish().facts

describe('authentication', () => {
  it.each([
    { name: 'AUTH password', client: command('AUTH', 'secret'), server: '+OK\r\n', outcome: 'success' },
    { name: 'AUTH name password', client: command('auth', 'alice', 'secret'), server: '+OK\r\n', outcome: 'success' },
    { name: 'a wrong one', client: command('AUTH', 'secret'), server: '-WRONGPASS invalid\r\n', outcome: 'failure' },
    {
      name: 'HELLO 3 AUTH',
      client: command('HELLO', '3', 'AUTH', 'alice', 'secret'),
      server: '%1\r\n$6\r\nserver\r\n$5\r\nredis\r\n',
      outcome: 'success',
    },
    {
      name: 'AUTH behind other commands',
      client: command('COMMAND', 'DOCS') + command('PING') + command('AUTH', 'secret'),
      server: '*2\r\n$3\r\nget\r\n*1\r\n:1\r\n+PONG\r\n-ERR invalid password\r\n',
      outcome: 'failure',
    },
    { name: 'an inline AUTH', client: 'AUTH alice secret\r\n', server: '+OK\r\n', outcome: 'success' },
  ])('by $name', ({ client, server, outcome }) => {
    const facts = read(client, server)
    expect(facts).toMatchObject({
      authMechanisms: ['password'],
      authOutcome: outcome,
      credentialsExposed: ['redis-auth'],
    })
  })

  it('is told by the reply, behind an attribute of another', () => {
    const server = `|1\r\n+ttl\r\n:3600\r\n*1\r\n|1\r\n+a\r\n:1\r\n:5\r\n-WRONGPASS invalid\r\n`
    expect(read(command('LRANGE', 'l', '0') + command('AUTH', 'secret'), server).authOutcome).toBe('failure')
  })

  it('is not what a value says', () => {
    const facts = read(command('SET', 'AUTH', 'AUTH') + command('HELLO', '3'), '+OK\r\n')
    expect(facts).toMatchObject({
      authMechanisms: [],
      credentialsExposed: [],
      protocolVersion: '3',
      protection: 'cleartext',
    })
  })
})

describe('recognition', () => {
  it.each([
    { name: 'a command', bytes: command('GET', 'colour'), from: CLIENT },
    { name: 'PONG', bytes: '+PONG\r\n', from: SERVER },
    { name: 'replies with a bulk string', bytes: '+OK\r\n:3\r\n$5\r\nredis\r\n', from: SERVER },
    { name: 'an array with an attribute', bytes: '*2\r\n:1\r\n|1\r\n+ttl\r\n:3600\r\n:3\r\n', from: SERVER },
    {
      name: 'a map behind an attribute',
      bytes: '|1\r\n+popular\r\n%1\r\n$1\r\na\r\n,0.19\r\n*1\r\n:5\r\n',
      from: SERVER,
    },
  ])('of $name, one byte a segment', ({ bytes, from }) => {
    expect(recognisedBy(text(bytes), from)).toBe('redis')
  })

  it.each([
    { name: 'an array of fewer elements than it says', bytes: '*3\r\n:1\r\n:2\r\n\r\n' },
    { name: 'an array whose number is none', bytes: '*2\r\n:1\r\n:x\r\n' },
    { name: 'an array of nothing', bytes: '*0\r\n*0\r\n' },
    { name: 'a command whose length is wrong', bytes: '*2\r\n$4\r\nGET\r\n$1\r\na\r\n' },
    { name: 'a command that is no name', bytes: '*1\r\n$3\r\n\x01\x02\x03\r\n' },
    { name: 'the greeting of a POP3 server', bytes: '+OK POP3 server ready\r\n' },
    { name: 'a text protocol after three bytes', bytes: '*2\rHELO a\r\n' },
    { name: 'an inline command alone, which others have too', bytes: 'PING\r\n' },
  ])('not of $name', ({ bytes }) => {
    expect(recognisedBy(text(bytes), CLIENT)).not.toBe('redis')
  })
})
