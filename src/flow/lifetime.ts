import { PROTO_TCP, PROTO_UDP } from '../decode/packet-meta.ts'
import { HAS_PAYLOAD, isClosed } from './flow-flags.ts'
import type { FlowTable } from './flow-table.ts'

const SECOND = 1_000_000
/** Timers that are put off before a flow is ended though it may be alive. */
const MAX_LOOKS = 31

/** How long flows live, in µs of capture time. */
export class Lifetime {
  /** A connection that carried no payload yet: half-open, scanned, refused. */
  openingUs = 30 * SECOND
  /** An established TCP connection without a packet. Long, because keep-alive is two hours on most systems. */
  tcpIdleUs = 900 * SECOND
  udpIdleUs = 120 * SECOND
  otherIdleUs = 60 * SECOND
  /** After the last FIN or a reset: late acknowledgements and retransmissions still belong to the flow. */
  lingerUs = 5 * SECOND
  /** A flow that lasts longer is reported in increments of this length; its id stays. */
  activeUs = 1800 * SECOND

  idleUs(table: FlowTable, flow: number): number {
    const flags = table.flagsOf(flow)
    const proto = table.protoOf(flow)
    if (proto === PROTO_TCP) {
      // A connection refused or reset before it carried anything may still be tried again with the same SYN.
      if ((flags & HAS_PAYLOAD) === 0) return this.openingUs
      return isClosed(flags) ? this.lingerUs : this.tcpIdleUs
    }
    return proto === PROTO_UDP ? this.udpIdleUs : this.otherIdleUs
  }

  /** The flow to end for want of room: one that would be over soon, as far as a few looks at the timers find it. */
  leastAlive(table: FlowTable, now: number): number {
    for (let tries = 0; ; tries++) {
      const flow = table.wheel.earliest()
      const due = table.lastSeenOf(flow) + this.idleUs(table, flow)
      if (tries === MAX_LOOKS || due <= now + this.openingUs) return flow
      table.wheel.arm(flow, due)
    }
  }
}
