import { describe, expect, it } from 'vitest'
import { CLIENT } from '../../src/dissect/dissector.ts'
import { rtcp, rtp } from '../../src/dissect/rtp.ts'
import { isReadable } from '../../src/wire/rtp.ts'
import { fromHex, isKnown, readAll } from './datagrams.ts'

/** Bytes without a pattern, the same in every run: what any cipher's output looks like. */
const noise = (length: number, seed: number): number[] =>
  Array.from({ length }, (_, i) => (Math.imul(i + 1 + seed * 7919, 0x9e3779b1) >>> 13) & 255)

const packet = (sequence: number, payload: readonly number[], source = 0x11223344, type = 96): [0, Uint8Array] => {
  const head = Buffer.alloc(12)
  head[0] = 0x80
  head[1] = type
  head.writeUInt16BE(sequence & 0xffff, 2)
  head.writeUInt32BE(sequence * 160, 4)
  head.writeUInt32BE(source, 8)
  return [CLIENT, Uint8Array.from([...head, ...payload])]
}
const stream = (count: number): [0, Uint8Array][] =>
  Array.from({ length: count }, (_, n) => packet(65530 + n, noise(120, n)))

const REPORT = '80c80006 11223344 e0000000 00000000 00000000 00000001 00000078'
const DESCRIPTION = '81ca0002 11223344 01006100'.replace('01006100', '01016100')
const CLEAR_RTCP = fromHex(REPORT + DESCRIPTION)
const SECURE_RTCP = Uint8Array.from([...fromHex(REPORT).subarray(0, 8), ...noise(48, 3)])

describe('RTP', () => {
  it('is known by packets that follow each other, over the end of the sequence numbers', () => {
    const { facts } = readAll(rtp, ...stream(12))
    expect(facts).toMatchObject({ appProtocol: 'rtp', protection: 'undetermined', protocolSecurity: null })
  })

  it('is as ambiguous as its packets are', () => {
    expect(readAll(rtp, ...stream(12)).facts.ambiguous).toBe(true)
    expect(readAll(rtp, ...stream(2)).facts.ambiguous).toBe(false)
  })

  it('keeps one payload type until it is named, and may change it then', () => {
    const types = (...list: number[]) =>
      readAll(rtp, ...list.map((type, n) => packet(n + 1, noise(60, n), 0x77, type))).facts.appProtocol
    expect([types(0, 8, 0, 8, 0, 8), types(0, 0, 0, 0, 13, 101)]).toEqual([null, 'rtp'])
  })

  it('asserts nothing of a packet or two', () => {
    expect(readAll(rtp, ...stream(2)).facts.appProtocol).toBeNull()
  })

  it('takes its word back when packets do not follow each other', () => {
    const strangers = [1, 5000, 900, 40000, 7].map((sequence, n) => packet(sequence, noise(50, n), 0x1000 + n))
    expect(readAll(rtp, ...strangers)).toMatchObject({ state: { refused: true }, facts: { appProtocol: null } })
  })

  it('is in the clear where RTCP beside it is', () => {
    const { facts } = readAll(rtp, ...stream(6), [CLIENT, CLEAR_RTCP])
    expect(facts).toMatchObject({ protection: 'cleartext', protocolSecurity: 'RTP' })
  })

  it('is SRTP where RTCP beside it cannot be read', () => {
    const { facts } = readAll(rtp, ...stream(6), [CLIENT, SECURE_RTCP])
    expect(facts).toMatchObject({ protection: 'opaque', protocolSecurity: 'SRTP' })
  })

  it('is in the clear where its payload repeats one byte, as no cipher does', () => {
    const silence = Array.from({ length: 6 }, (_, n) => packet(n + 1, new Array(160).fill(0xff)))
    expect(readAll(rtp, ...silence).facts).toMatchObject({ protection: 'cleartext' })
  })

  it('takes no noise for readable, however much of it there is', () => {
    for (let seed = 0; seed < 500; seed++) {
      const payload = Uint8Array.from(noise(40 + seed * 2, seed))
      expect(isReadable(payload, 0, payload.length)).toBe(false)
    }
  })
})

describe('RTCP', () => {
  it('is known by reports and descriptions that fill the datagram', () => {
    expect(isKnown(rtcp, CLEAR_RTCP)).toBe(true)
    expect(isKnown(rtcp, Uint8Array.from([...CLEAR_RTCP, 0, 0, 0, 1]))).toBe(false)
    expect(isKnown(rtcp, SECURE_RTCP)).toBe(false)
  })
})
