import { describe, expect, it } from 'vitest'
import { CLIENT, SERVER } from '../../src/dissect/dissector.ts'
import { l2tp } from '../../src/dissect/l2tp.ts'
import { pptp } from '../../src/dissect/pptp.ts'
import { l2tpMessage, pptpMessage } from '../../src/wire/ppp-tunnels.ts'
import { ascii, type Bytes, hex, u16be } from './tls-bytes.ts'

const control = (type: number, size: number): Bytes => [
  ...u16be(size),
  ...u16be(1),
  ...hex('1a2b3c4d'),
  ...u16be(type),
  0,
  0,
  ...new Array<number>(Math.max(size - 12, 0)).fill(0),
]
const pptpOf = (bytes: Bytes): number => pptpMessage(Uint8Array.from(bytes), 0)

describe('PPTP', () => {
  it('is known by its magic cookie and a size that goes with the type', () => {
    expect([pptpOf(control(1, 156)), pptpOf(control(7, 168)), pptpOf(control(15, 24))]).toEqual([1, 7, 15])
    expect([pptpOf(control(1, 155)), pptpOf(control(16, 24)), pptpOf(control(0, 0))]).toEqual([0, 0, 0])
    expect(pptpOf([...control(1, 156)].with(4, 0x1b))).toBe(0)
  })

  it('keeps nobody waiting whose request is short', () => {
    const probe = (bytes: Bytes) => pptp.probe(Uint8Array.from(bytes), 0, bytes.length, CLIENT)
    const whole = control(1, 156)
    for (let n = 0; n < 12; n++) expect(probe(whole.slice(0, n))).toBe('unsure')
    // PostgreSQL's SSLRequest, and lengths of others.
    for (const bytes of [hex('0000000804d2162f'), [0, 0], [1], [0, 156, 1], [0, 156, 0, 1, 0x1b]])
      expect(probe(bytes)).toBe('no_match')
  })

  it('says who began', () => {
    const opener = (bytes: Bytes) => pptp.opener?.(Uint8Array.from(bytes), 0, bytes.length)
    expect([opener(control(1, 156)), opener(control(2, 156)), opener(control(5, 16)), opener([0])]).toEqual([
      CLIENT,
      SERVER,
      null,
      null,
    ])
  })
})

/** A control message whose first attribute is its type; `rest` are the others. */
const message = (type: number, version = 2, rest: Bytes = []): Bytes => {
  const avp = [0x80, 8, 0, 0, 0, 0, ...u16be(type)]
  return [0xc8, version, ...u16be(12 + avp.length + rest.length), 0, 1, 0, 0, 0, 0, 0, 0, ...avp, ...rest]
}
const l2tpOf = (bytes: Bytes, missing = 0): number => l2tpMessage(Uint8Array.from(bytes), 0, bytes.length, missing)

describe('L2TP', () => {
  it('is known by flags, a length that adds up and a first attribute that is the type', () => {
    const name = [0x80, 14, 0, 0, 0, 7, ...ascii('host.lan')]
    expect([l2tpOf(message(1)), l2tpOf(message(2, 3)), l2tpOf(message(1, 2, name))]).toEqual([1, 2, 1])
    expect(l2tpOf(message(1, 2, name).slice(0, 24), name.length - 4)).toBe(1)
  })

  it.each([
    { name: 'a data message', bytes: [...message(1)].with(0, 0x48) },
    { name: 'another version', bytes: message(1, 4) },
    { name: 'a length that does not add up', bytes: [...message(1), 0] },
    { name: "a maker's own attribute", bytes: [...message(1)].with(15, 9) },
    { name: 'a type that no message has', bytes: message(29) },
    { name: 'an acknowledgement alone', bytes: message(1).slice(0, 12).with(3, 12) },
  ])('is not $name', ({ bytes }) => {
    expect(l2tpOf(bytes)).toBe(0)
  })

  it('says who began', () => {
    const opener = (bytes: Bytes) => l2tp.opener?.(Uint8Array.from(bytes), 0, bytes.length)
    expect([opener(message(1)), opener(message(2)), opener(message(6))]).toEqual([CLIENT, SERVER, null])
  })
})
