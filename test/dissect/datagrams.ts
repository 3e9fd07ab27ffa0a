/** Reads datagrams as a flow's session does, for the tests of their dissectors. */
import { FlowFacts } from '../../src/core/facts.ts'
import { CLIENT, type DatagramDissector, type Direction, type DissectorState } from '../../src/dissect/dissector.ts'
import { CaptureMemory } from '../../src/dissect/memory.ts'

export type Datagrams = readonly (readonly [Direction, ArrayLike<number>])[]

/** From the first that is recognised on, until nothing more is to be learnt. */
export function readDatagrams<S extends DissectorState>(
  dissector: DatagramDissector<S>,
  datagrams: Datagrams,
  memory = new CaptureMemory(),
) {
  const facts = new FlowFacts()
  let state: S | null = null
  let timeUs = 0
  for (const [from, bytes] of datagrams) {
    const buf = Uint8Array.from(bytes)
    timeUs += 1_000_000
    if (state === null && !dissector.probe(buf, 0, buf.length, 0, from)) continue
    state ??= dissector.start(facts, null, memory)
    if (!state.done) dissector.read(state, facts, from, buf, 0, buf.length, 0, timeUs)
  }
  if (state !== null) dissector.finish(state, facts)
  return { facts, state }
}

export const fromHex = (hex: string): Uint8Array => Uint8Array.from(Buffer.from(hex.replaceAll(/\s/g, ''), 'hex'))

export const isKnown = (dissector: DatagramDissector, bytes: Uint8Array, missing = 0): boolean =>
  dissector.probe(bytes, 0, bytes.length, missing, CLIENT)

/** Reads datagrams until the dissector is done or takes its word back. */
export function readAll(
  dissector: DatagramDissector,
  ...datagrams: readonly (readonly [Direction, Uint8Array])[]
): { facts: FlowFacts; state: DissectorState } {
  const facts = new FlowFacts()
  const state = dissector.start(facts)
  for (const [from, bytes] of datagrams) {
    if (state.done || state.refused === true) break
    dissector.read(state, facts, from, bytes, 0, bytes.length, 0, 0)
  }
  dissector.finish(state, facts)
  return { facts, state }
}
