import { describe, expect, it } from 'vitest'
import { PacketMeta } from '../../src/decode/packet-meta.ts'
import { DatagramSession } from '../../src/dissect/datagram-session.ts'
import { CaptureMemory } from '../../src/dissect/memory.ts'
import { StatePool } from '../../src/dissect/state-pool.ts'
import { fromHex } from './datagrams.ts'

const BINDING = fromHex(`0001 0008 2112a442 ${'ab'.repeat(12)} 8022 0004 61626364`)
const QUERY = fromHex(`1234 0100 0001 0000 0000 0000 03 ${Buffer.from('web').toString('hex')} 00 0001 0001`)
/** TURN's ChannelData: a channel, a length, and whatever is relayed. */
const RELAYED = fromHex(`4000 0008 ${'5a'.repeat(8)}`)

function hear(session: DatagramSession, bytes: Uint8Array, missing = 0): void {
  const m = new PacketMeta()
  m.proto = 17
  m.at = 0
  m.end = bytes.length
  m.missing = missing
  session.datagram(0, bytes, m)
}

const opened = (): DatagramSession => {
  const session = new DatagramSession()
  session.open(0, false)
  return session
}

describe('a flow that STUN opened', () => {
  it('is in the clear when nothing else came', () => {
    const session = opened()
    hear(session, BINDING)
    hear(session, fromHex(`4000 0009 ${'5a'.repeat(8)}`))
    session.finish()
    expect(session.facts).toMatchObject({ appProtocol: 'stun', protection: 'cleartext', ambiguous: false })
  })

  it.each([
    ['in a channel', RELAYED],
    ['in a channel, padded', fromHex(`4000 0007 ${'5a'.repeat(8)}`)],
    ['by an indication', fromHex(`0016 000c 2112a442 ${'ab'.repeat(12)} 0013 0008 ${'5a'.repeat(8)}`)],
    ['by an indication of the relay', fromHex(`0017 000c 2112a442 ${'ab'.repeat(12)} 0013 0008 ${'5a'.repeat(8)}`)],
  ])('is not known where data of others crosses %s', (_, relayed) => {
    const session = opened()
    hear(session, BINDING)
    hear(session, relayed)
    session.finish()
    expect(session.facts).toMatchObject({ appProtocol: 'stun', protection: 'undetermined', ambiguous: true })
  })

  it('is not known where the capture cut off what came next', () => {
    const session = opened()
    hear(session, BINDING)
    hear(session, fromHex(`16fefd 0000 000000000000 0400 01 0003f4 0000 ${'00'.repeat(20)}`), 976)
    hear(session, BINDING)
    session.finish()
    expect(session.facts).toMatchObject({ appProtocol: 'stun', protection: 'undetermined' })
  })

  it('is protected as what came next on it is', () => {
    const session = opened()
    hear(session, BINDING)
    for (let n = 1; n < 8; n++) {
      const sequence = n.toString(16).padStart(4, '0')
      hear(session, fromHex(`8060 ${sequence} 0000${sequence} 11223344 ${'9b3c7e'.repeat(6)}`))
    }
    session.finish()
    expect(session.facts).toMatchObject({ appProtocol: 'rtp', protection: 'undetermined' })
  })

  it('is left alone when it goes on with what nobody knows', () => {
    const session = opened()
    hear(session, BINDING)
    for (let n = 0; n < 600; n++) hear(session, RELAYED)
    expect(session.done).toBe(true)
  })
})

it('asks the others again when a guess was wrong', () => {
  const session = opened()
  for (const sequence of ['0001', '4001', '9001', '2001', 'a001']) {
    hear(session, fromHex(`8060 ${sequence} ${sequence}0000 ${sequence}3344 ${'9b3c7e'.repeat(6)}`))
  }
  hear(session, QUERY)
  session.finish()
  expect(session.facts).toMatchObject({ appProtocol: 'dns', protection: 'cleartext' })
})

describe('a message in the format of DNS, sent to a group or answering who asked one', () => {
  const V4 = (last: number): readonly number[] => [0, 0, 0xffff, last | 0]
  const LLMNR = V4(0xe00000fc)
  const MDNS = V4(0xe00000fb)
  const LLMNR_V6 = [0xff020000 | 0, 0, 0, 0x10003]
  const ASKER = V4(0x0a000001)
  const OTHER = V4(0x0a000002)
  const ANSWER = fromHex(
    `1234 8500 0001 0001 0000 0000 03 ${Buffer.from('web').toString('hex')} 00 0001 0001 c00c 0001 0001 0000001e 0004 0a000002`,
  )

  function named(
    memory: CaptureMemory,
    bytes: Uint8Array,
    from: readonly number[],
    to: readonly number[],
    { port = 54321, time = 0 } = {},
  ): string | null {
    const session = new DatagramSession(new StatePool(), memory)
    session.open(0, false)
    const m = new PacketMeta()
    ;[m.src0, m.src1, m.src2, m.src3] = from as [number, number, number, number]
    ;[m.dst0, m.dst1, m.dst2, m.dst3] = to as [number, number, number, number]
    const isAnswer = bytes === ANSWER
    m.srcPort = isAnswer ? 5000 : port
    m.dstPort = isAnswer ? port : 5000
    m.proto = 17
    m.end = bytes.length
    m.time = time
    session.datagram(0, bytes, m)
    session.finish()
    return session.facts.appProtocol
  }

  it.each([
    { to: LLMNR, is: 'llmnr' },
    { to: LLMNR_V6, is: 'llmnr' },
    { to: MDNS, is: 'mdns' },
    { to: OTHER, is: 'dns' },
  ])('is $is, whatever its flags', ({ to, is }) => {
    expect(named(new CaptureMemory(), QUERY, ASKER, to)).toBe(is)
  })

  it('is what the question was, for five seconds, to who asked', () => {
    const memory = new CaptureMemory()
    expect(named(memory, ANSWER, OTHER, ASKER)).toBe('dns')
    named(memory, QUERY, ASKER, LLMNR)
    expect(named(memory, ANSWER, OTHER, ASKER, { time: 4e6 })).toBe('llmnr')
    expect(named(memory, ANSWER, OTHER, ASKER, { time: 6e6 })).toBe('dns')
    expect(named(memory, ANSWER, OTHER, ASKER, { port: 54322 })).toBe('dns')
    expect(named(memory, ANSWER, ASKER, OTHER)).toBe('dns')
  })

  it('is known to the worker that only overheard the question', () => {
    const memory = new CaptureMemory()
    const m = new PacketMeta()
    ;[m.src2, m.src3, m.srcPort] = [0xffff, ASKER[3] as number, 54321]
    ;[m.dst2, m.dst3, m.proto, m.end] = [0xffff, LLMNR[3] as number, 17, QUERY.length]
    memory.overhear(m, QUERY)
    expect(named(memory, ANSWER, OTHER, ASKER)).toBe('llmnr')
  })

  it('is forgotten with the capture, and for younger questions', () => {
    const memory = new CaptureMemory()
    named(memory, QUERY, ASKER, LLMNR, { port: 1 })
    for (let port = 2; port <= 1025; port++) named(memory, QUERY, ASKER, LLMNR, { port })
    expect([1, 2, 1025].map((port) => named(memory, ANSWER, OTHER, ASKER, { port }))).toEqual(['dns', 'llmnr', 'llmnr'])
    memory.clear()
    expect(named(memory, ANSWER, OTHER, ASKER, { port: 2 })).toBe('dns')
  })
})
