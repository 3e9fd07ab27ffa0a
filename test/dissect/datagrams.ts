/** Reads datagrams as a flow's session does, for the tests of their dissectors. */
import { FlowFacts } from '../../src/core/facts.ts'
import type { DatagramDissector, Direction, DissectorState } from '../../src/dissect/dissector.ts'

export type Datagrams = readonly (readonly [Direction, ArrayLike<number>])[]

/** From the first that is recognised on, until nothing more is to be learnt. */
export function readDatagrams<S extends DissectorState>(dissector: DatagramDissector<S>, datagrams: Datagrams) {
  const facts = new FlowFacts()
  let state: S | null = null
  let timeUs = 0
  for (const [from, bytes] of datagrams) {
    const buf = Uint8Array.from(bytes)
    timeUs += 1_000_000
    if (state === null && !dissector.probe(buf, 0, buf.length, 0, from)) continue
    state ??= dissector.start(facts)
    if (!state.done) dissector.read(state, facts, from, buf, 0, buf.length, 0, timeUs)
  }
  if (state !== null) dissector.finish(state, facts)
  return { facts, state }
}
