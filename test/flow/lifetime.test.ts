import { expect, it } from 'vitest'
import { PROTO_ICMP, PROTO_SCTP, PROTO_TCP, PROTO_UDP } from '../../src/decode/packet-meta.ts'
import { FIN_HIGH, FIN_LOW, HAS_PAYLOAD, RESET, SYN_LOW } from '../../src/flow/flow-flags.ts'
import { FlowTable } from '../../src/flow/flow-table.ts'
import { Lifetime } from '../../src/flow/lifetime.ts'
import { find, packet } from './packets.ts'

const BOTH_FINS = FIN_LOW | FIN_HIGH

it.each([
  { name: 'TCP without payload', proto: PROTO_TCP, flags: SYN_LOW, seconds: 30 },
  { name: 'TCP refused before any payload', proto: PROTO_TCP, flags: SYN_LOW | RESET, seconds: 30 },
  { name: 'TCP closed before any payload', proto: PROTO_TCP, flags: BOTH_FINS, seconds: 30 },
  { name: 'TCP with payload', proto: PROTO_TCP, flags: HAS_PAYLOAD, seconds: 900 },
  { name: 'TCP half closed', proto: PROTO_TCP, flags: HAS_PAYLOAD | FIN_LOW, seconds: 900 },
  { name: 'TCP closed by both ends', proto: PROTO_TCP, flags: HAS_PAYLOAD | BOTH_FINS, seconds: 5 },
  { name: 'TCP reset', proto: PROTO_TCP, flags: HAS_PAYLOAD | RESET, seconds: 5 },
  { name: 'UDP', proto: PROTO_UDP, flags: HAS_PAYLOAD, seconds: 120 },
  { name: 'UDP without payload', proto: PROTO_UDP, flags: 0, seconds: 120 },
  { name: 'ICMP', proto: PROTO_ICMP, flags: HAS_PAYLOAD, seconds: 60 },
  { name: 'SCTP', proto: PROTO_SCTP, flags: HAS_PAYLOAD, seconds: 60 },
])('$name may be idle for $seconds s', ({ proto, flags, seconds }) => {
  const table = new FlowTable(1, 1)
  const m = Object.assign(packet(1, 2, 50_000, 443), { proto })
  find(table, m)
  const flow = table.create(m)
  table.setFlags(flow, flags)
  expect(new Lifetime().idleUs(table, flow)).toBe(seconds * 1_000_000)
})
