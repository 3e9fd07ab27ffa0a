/** What no ordinary stack does: hellos in pieces, bytes that change when they are repeated, heartbeats that ask for more. */
import { describe, expect, it } from 'vitest'
import { FlowFacts } from '../../src/core/facts.ts'
import { CLIENT, type Direction, SERVER } from '../../src/dissect/dissector.ts'
import { tls } from '../../src/dissect/tls.ts'
import { ByteBudget } from '../../src/flow/byte-budget.ts'
import { type StreamReader, TcpStream } from '../../src/flow/tcp-stream.ts'
import { extension, serverName, u16be } from '../wire/tls-bytes.ts'
import { conversation, Reading } from './conversation.ts'
import {
  applicationData,
  changeCipherSpec,
  clientHello,
  finished,
  handshake,
  record,
  serverHello,
  serverHelloDone,
} from './tls-records.ts'

/** Reads segments as a session does: with the size of the first piece of what was waited for. */
function oddities(segments: readonly (readonly [seq: number, bytes: readonly number[]])[]): readonly string[] {
  const facts = new FlowFacts()
  const state = tls.start(facts)
  const stream = new TcpStream(CLIENT, new ByteBudget(1 << 20))
  const reader: StreamReader = {
    read: (side, buf, at, end) => tls.feed(state, facts, side as Direction, buf, at, end, 0, stream.firstPiece),
    lost: () => undefined,
  }
  stream.startAt(0)
  for (const [seq, bytes] of segments) {
    stream.segment(seq, Uint8Array.from(bytes), 0, bytes.length, 0, reader)
    if (stream.conflicted) facts.odd('conflicting_bytes')
  }
  expect(facts.tls?.serverName ?? null).toBe('a.example')
  stream.close()
  return facts.oddities
}

/** A ClientHello whose record has `bytes` bytes at the least. */
function hello(bytes = 0): number[] {
  const extensions = [serverName('a.example')]
  const short = handshake(clientHello({ extensions })).length
  if (bytes > short + 4) extensions.push(extension(21, new Array(bytes - short - 4).fill(0)))
  return [...handshake(clientHello({ extensions }))]
}

const cutAt = (bytes: readonly number[], at: number) =>
  [
    [0, bytes.slice(0, at)],
    [at, bytes.slice(at)],
  ] as const

/** The same message in records of so many bytes. */
function inRecords(bytes: readonly number[], size: number): number[] {
  const body = bytes.slice(5)
  const parts: number[] = []
  for (let at = 0; at < body.length; at += size) parts.push(...record(22, body.slice(at, at + size)))
  return parts
}

describe('a ClientHello', () => {
  it.each([
    { name: 'in one segment', segments: [[0, hello()]], odd: [] },
    { name: 'of which one byte comes first', segments: cutAt(hello(), 1), odd: ['client_hello_in_segments'] },
    { name: 'cut in its name', segments: cutAt(hello(400), 80), odd: ['client_hello_in_segments'] },
    { name: 'with a post-quantum share, in two full segments', segments: cutAt(hello(1700), 1400), odd: [] },
    {
      name: 'with a post-quantum share, behind one byte',
      segments: cutAt(hello(1700), 1),
      odd: ['client_hello_in_segments'],
    },
    { name: 'on a path for segments of 536 bytes', segments: cutAt(hello(700), 536), odd: [] },
    { name: 'in records of 64 bytes', segments: [[0, inRecords(hello(400), 64)]], odd: ['client_hello_in_records'] },
    { name: 'too long for one segment, in two records', segments: [[0, inRecords(hello(1700), 1024)]], odd: [] },
    {
      name: 'of which a part is repeated as it was',
      segments: [
        ...cutAt(hello(900), 600).slice(0, 1),
        [100, hello(900).slice(100, 600)],
        ...cutAt(hello(900), 600).slice(1),
      ],
      odd: [],
    },
    {
      name: 'of which a part is repeated otherwise',
      segments: [
        ...cutAt(hello(900), 600).slice(0, 1),
        [100, new Array(500).fill(0x2e)],
        ...cutAt(hello(900), 600).slice(1),
      ],
      odd: ['conflicting_bytes'],
    },
    {
      name: 'behind a keep-alive of one byte',
      segments: [...cutAt(hello(900), 600).slice(0, 1), [599, [0x2e]], ...cutAt(hello(900), 600).slice(1)],
      odd: [],
    },
    {
      name: 'whose second part comes first, and overlaps',
      segments: [
        [540, hello(900).slice(540)],
        [0, [...hello(900).slice(0, 540), 1, 2, 3, 4]],
      ],
      odd: ['conflicting_bytes'],
    },
  ] as { name: string; segments: [number, number[]][]; odd: string[] }[])('$name: $odd', ({ segments, odd }) => {
    expect(oddities(segments)).toEqual(odd)
  })
})

const heartbeatHello = handshake(clientHello({ extensions: [serverName('a.example'), extension(15, [1])] }))
const heartbeatAnswer = handshake(serverHello({ extensions: [extension(15, [1])] }), serverHelloDone)
const request = (claimed: number, payload: number) =>
  record(24, [1, ...u16be(claimed), ...new Array(payload).fill(0x61), ...new Array(16).fill(0)])
const answer = (payload: number) => record(24, [2, ...u16be(payload), ...new Array(payload + 16).fill(0)])
const sealed = (bytes: number) => record(24, new Array(bytes).fill(0x5a))
const encrypted = [
  [CLIENT, [...changeCipherSpec, ...finished]],
  [SERVER, [...changeCipherSpec, ...finished]],
] as const

describe('a heartbeat', () => {
  it.each([
    {
      name: 'that asks for what it brought',
      turns: [
        [CLIENT, request(20, 20)],
        [SERVER, answer(20)],
      ],
      odd: [],
    },
    {
      name: 'that asks for 16 KiB and brings nothing',
      turns: [[CLIENT, record(24, [1, 0x40, 0])]],
      odd: ['heartbeat_overread'],
    },
    {
      name: 'that is given them',
      turns: [
        [CLIENT, record(24, [1, 0x40, 0])],
        [SERVER, record(24, [2, 0x40, 0, ...new Array(16_000).fill(1)])],
      ],
      odd: ['heartbeat_overread', 'heartbeat_larger_answer'],
    },
    {
      name: 'under cipher, answered in kind',
      turns: [...encrypted, [CLIENT, sealed(64)], [SERVER, sealed(64)]],
      odd: [],
    },
    {
      name: 'under cipher, answered with far more',
      turns: [...encrypted, [CLIENT, sealed(48)], [SERVER, sealed(16_000)]],
      odd: ['heartbeat_larger_answer'],
    },
    { name: 'of the server, that nobody asked for', turns: [...encrypted, [SERVER, sealed(4000)]], odd: [] },
    { name: 'too short to be one', turns: [[CLIENT, record(24, [1])]], odd: [] },
  ] as { name: string; turns: [Direction, number[]][]; odd: string[] }[])('$name: $odd', ({ turns, odd }) => {
    const whole = conversation([CLIENT, heartbeatHello], [SERVER, heartbeatAnswer], ...turns)
    expect(new Reading(tls).hears(whole).finish().facts.oddities).toEqual(odd)
  })

  it('is waited for only where it was agreed upon, and not for ever', () => {
    const without = conversation([CLIENT, hello()], [SERVER, handshake(serverHello(), serverHelloDone)], ...encrypted)
    expect(new Reading(tls).hears(without).state.done).toBe(true)
    const agreed = new Reading(tls).hears(
      conversation([CLIENT, heartbeatHello], [SERVER, heartbeatAnswer], ...encrypted),
    )
    expect(agreed.state.done).toBe(false)
    for (let n = 0; n < 64; n++) agreed.says(CLIENT, applicationData())
    expect(agreed.state.done).toBe(true)
  })
})
