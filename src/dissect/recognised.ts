/** Protocols that are only recognised: the message that shows which it is shows as well that it crosses in the clear. */
import type { DatagramDissector, Dissector, DissectorState } from './dissector.ts'

/** Passed over by one call, so that a sum of offsets stays a small integer. */
const REST = 2 ** 30

export interface Recognised extends DissectorState {
  done: boolean
}

type StreamRow = Pick<Dissector, 'name' | 'about' | 'ports' | 'probe' | 'opener'>
type DatagramRow = Pick<DatagramDissector, 'name' | 'about' | 'transport' | 'ports' | 'probe' | 'opener'>

export function recognisedStream(row: StreamRow): Dissector<Recognised> {
  return {
    ...row,
    transport: 'tcp',
    start: (_facts, used = null) => fresh(used),
    feed(state, facts) {
      facts.appProtocol ??= row.name
      facts.protection = 'cleartext'
      state.done = true
      return REST
    },
    gap(_state, facts) {
      facts.sawGap = true
    },
    finish() {},
  }
}

export function recognisedDatagrams(row: DatagramRow): DatagramDissector<Recognised> {
  return {
    ...row,
    start: (_facts, used = null) => fresh(used),
    read(state, facts) {
      facts.appProtocol ??= row.name
      facts.protection = 'cleartext'
      state.done = true
    },
    finish() {},
  }
}

function fresh(used: Recognised | null): Recognised {
  if (used === null) return { done: false }
  used.done = false
  return used
}
