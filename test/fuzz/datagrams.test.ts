/**
 * Hostile datagrams. A mutated Initial would fail its tag and be read no further, so what is behind the tag is mutated
 * before it is sealed. `FUZZ_RUNS` makes it long; a seed makes it repeatable.
 */
import fc from 'fast-check'
import { afterAll, describe, expect, it } from 'vitest'
import { FlowFacts } from '../../src/core/facts.ts'
import {
  CLIENT,
  type DatagramDissector,
  type Direction,
  type DissectorState,
  SERVER,
} from '../../src/dissect/dissector.ts'
import { dtls } from '../../src/dissect/dtls.ts'
import { quic } from '../../src/dissect/quic.ts'
import { heldPieceBytes } from '../../src/flow/piece-buffer.ts'
import { datagramFlowsIn } from '../dissect/conversation.ts'
import { clientHello, serverHello, TLS13_ANSWER, TLS13_HELLO } from '../dissect/tls-records.ts'
import { cryptoFrame, initialPacket } from '../wire/quic-examples.ts'
import { type Bytes, serverName } from '../wire/tls-bytes.ts'

const RUNS = Number(process.env['FUZZ_RUNS'] ?? 300)
const SEED = Number(process.env['FUZZ_SEED'] ?? 20_261_125)
const TIMEOUT_MS = 30_000 + RUNS * 100
/** What one flow may hold: a stream of CRYPTO data each way, sixteen messages of DTLS. */
const MAX_FLOW_BYTES = 16 * 1024 * 1024

interface Sent {
  from: Direction
  bytes: Uint8Array
}

function read<S extends DissectorState>(dissector: DatagramDissector<S>, sent: readonly Sent[]): FlowFacts {
  const facts = new FlowFacts()
  const state = dissector.start(facts, null)
  for (const [i, { from, bytes }] of sent.entries()) {
    if (state.done || state.refused === true) break
    dissector.probe(bytes, 0, bytes.length, i % 3, from)
    dissector.opener?.(bytes, 0, bytes.length)
    dissector.read(state, facts, from, bytes, 0, bytes.length, i % 5 === 4 ? 100 : 0, 1000 * i)
    expect(heldPieceBytes()).toBeLessThan(MAX_FLOW_BYTES)
  }
  dissector.finish(state, facts)
  expect(heldPieceBytes()).toBe(0)
  return facts
}

const HELLO = clientHello({ extensions: [...(TLS13_HELLO.extensions ?? []), serverName('a.example')] })
const ANSWER = serverHello(TLS13_ANSWER)
const ID = [1, 2, 3, 4, 5, 6, 7, 8]

const edits = fc.array(
  fc.tuple(fc.nat(), fc.constantFrom(0, 1, 2, 6, 0x1c, 0x3f, 0x40, 0x7f, 0x80, 0xbf, 0xc0, 0xff)),
  {
    maxLength: 10,
  },
)
const edited = (bytes: Bytes, changes: readonly (readonly [number, number])[], upTo = bytes.length): Bytes => {
  const copy = [...bytes]
  for (const [at, value] of changes) copy[at % upTo] = value
  return copy
}
/** Where a message is cut into CRYPTO frames, and in which order they are sent. */
const cuts = fc.array(fc.integer({ min: 1, max: 200 }), { minLength: 1, maxLength: 12 })

function pieces(message: Bytes, sizes: readonly number[]): Bytes[] {
  const frames: Bytes[] = []
  for (let at = 0, i = 0; at < message.length; i++) {
    const end = Math.min(message.length, at + (sizes[i % sizes.length] as number))
    frames.push(cryptoFrame(at, message.slice(at, end)))
    at = end
  }
  return frames
}

const sealed = (from: Direction, payload: Bytes, version: number): Sent => ({
  from,
  bytes: initialPacket({ from: from === CLIENT ? 'client' : 'server', keysOf: ID, version, payload, sourceId: ID }),
})

afterAll(() => expect(heldPieceBytes()).toBe(0))

describe('what is inside an Initial', () => {
  it('neither throws nor holds on to memory, whatever it is', { timeout: TIMEOUT_MS }, () => {
    const version = fc.constantFrom(1, 0x6b3343cf, 0x51303530, 0x54303531)
    const property = fc.property(
      version,
      cuts,
      edits,
      edits,
      fc.uint8Array({ maxLength: 60 }),
      (v, sizes, a, b, noise) => {
        const frames = pieces(HELLO, sizes).map((frame) => edited(frame, a, 12))
        const sent = frames.map((frame) => sealed(CLIENT, frame, v))
        sent.push(
          sealed(SERVER, edited([2, 0, 0, 0, 0, ...cryptoFrame(0, ANSWER)], b), v),
          sealed(CLIENT, [...noise], v),
        )
        read(quic, sent)
      },
    )
    fc.assert(property, { numRuns: RUNS, seed: SEED })
  })

  it('gives the same facts in whatever pieces and order it comes', { timeout: TIMEOUT_MS }, () => {
    const want = read(quic, [sealed(CLIENT, cryptoFrame(0, HELLO), 1)]).tls
    const property = fc.property(cuts, fc.array(fc.nat(), { maxLength: 30 }), (sizes, turns) => {
      const frames = pieces(HELLO, sizes)
      for (const [i, turn] of turns.entries()) {
        const [a, b] = [i % frames.length, turn % frames.length]
        ;[frames[a], frames[b]] = [frames[b] as Bytes, frames[a] as Bytes]
      }
      const payloads = frames.map((frame, i) => (i % 2 === 0 ? [...frame, ...(frames[i + 1] ?? [])] : frame))
      const got = read(
        quic,
        payloads.map((payload) => sealed(CLIENT, payload, 1)),
      ).tls
      expect([got?.offer, got?.serverName, got?.helloRetry]).toEqual([want?.offer, want?.serverName, false])
    })
    fc.assert(property, { numRuns: RUNS, seed: SEED })
  })
})

describe('datagrams of captures', () => {
  const capture = (name: string): string => new URL(`../../captures/${name}.pcap`, import.meta.url).pathname
  const change = fc.record({
    kind: fc.constantFrom('flip', 'cut', 'drop', 'repeat', 'swap'),
    at: fc.nat(),
    by: fc.nat(),
  })

  it.each([
    { dissector: dtls as DatagramDissector, name: 'dtls12-fragments' },
    { dissector: dtls as DatagramDissector, name: 'dtls12-client-cert-presented' },
    { dissector: quic as DatagramDissector, name: 'quic-chromium-mlkem' },
    { dissector: quic as DatagramDissector, name: 'quic-retry' },
  ])(
    '$name, changed at random, neither throw nor hold on to memory',
    { timeout: TIMEOUT_MS },
    async ({ dissector, name }) => {
      const [flow = []] = await datagramFlowsIn(capture(name))
      expect(flow.length).toBeGreaterThan(5)
      const property = fc.property(fc.array(change, { minLength: 1, maxLength: 30 }), (changes) => {
        const sent: Sent[] = flow.map(({ from, bytes }) => ({ from, bytes: bytes.slice() }))
        for (const { kind, at, by } of changes) mutate(sent, kind, at, by)
        read(dissector, sent)
      })
      fc.assert(property, { numRuns: RUNS, seed: SEED })
    },
  )
})

function mutate(sent: Sent[], kind: string, at: number, by: number): void {
  const n = at % Math.max(sent.length, 1)
  const one = sent[n]
  if (one === undefined || one.bytes.length === 0) return
  // Headers are where the lengths are.
  if (kind === 'flip') one.bytes[by % Math.min(one.bytes.length, 64)] = by >>> 8
  if (kind === 'cut') sent[n] = { ...one, bytes: one.bytes.slice(0, by % one.bytes.length) }
  if (kind === 'drop') sent.splice(n, 1)
  if (kind === 'repeat') sent.splice(n, 0, one)
  if (kind === 'swap') sent.push(...sent.splice(n, 1))
}
