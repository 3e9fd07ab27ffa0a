import { describe, expect, it } from 'vitest'
import { coap } from '../../src/dissect/coap.ts'
import { CLIENT, SERVER } from '../../src/dissect/dissector.ts'
import { text } from './conversation.ts'
import { readDatagrams } from './datagrams.ts'

/** RFC 7252 appendix A, figure 16: a confirmable GET of /temperature, and its piggybacked answer with a payload. */
const GET = [0x40, 0x01, 0x7d, 0x34, 0xbb, ...text('temperature')]
const CONTENT = [0x60, 0x45, 0x7d, 0x34, 0xff, ...text('22.3 C')]
/** RFC 8613 appendix C.4. */
const OSCORE = Buffer.from('44025d1f00003974396c6f63616c686f737462091400ff612f1092f1776f1c1668b3825e', 'hex')

const probe = (bytes: ArrayLike<number>) => coap.probe(Uint8Array.from(bytes), 0, bytes.length, 0, CLIENT)

describe('CoAP', () => {
  it('is in the clear', () => {
    const { facts } = readDatagrams(coap, [
      [CLIENT, GET],
      [SERVER, CONTENT],
    ])
    expect(facts).toMatchObject({ appProtocol: 'coap', protection: 'cleartext', protocolSecurity: null })
  })

  it('is opaque within OSCORE', () => {
    const { facts } = readDatagrams(coap, [[CLIENT, OSCORE]])
    expect(facts).toMatchObject({ appProtocol: 'coap', protection: 'opaque', protocolSecurity: 'OSCORE' })
  })

  it.each([
    { what: 'another version', bytes: [0x80, ...GET.slice(1)] },
    { what: 'a token that is too long', bytes: [0x49, ...GET.slice(1)] },
    { what: 'a code that is none', bytes: [0x40, 0x1f, ...GET.slice(2)] },
    { what: 'an option that goes on behind the end', bytes: GET.slice(0, -1) },
    { what: 'a payload that is empty', bytes: [...GET, 0xff] },
    { what: 'a path that is no text', bytes: GET.with(7, 1) },
    { what: 'no option: nothing to tell it by', bytes: CONTENT },
    { what: 'a query of DNS', bytes: [0x40, 1, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0, 1, 97, 0, 0, 1, 0, 1] },
    { what: 'SIP', bytes: text('REGISTER sip:a.example SIP/2.0\r\n') },
  ])('is not $what', ({ bytes }) => {
    expect(probe(GET)).toBe(true)
    expect(probe(bytes)).toBe(false)
  })
})
