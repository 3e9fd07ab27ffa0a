/** Headers as decoding leaves them, for the tests of this stage. */
import { PacketMeta, PROTO_TCP } from '../../src/decode/packet-meta.ts'
import type { FlowTable } from '../../src/flow/flow-table.ts'

export function packet(source: number, target: number, sourcePort: number, targetPort: number, vni = -1): PacketMeta {
  const m = new PacketMeta()
  m.proto = PROTO_TCP
  m.ipVersion = 4
  m.src3 = source | 0
  m.dst3 = target | 0
  m.srcPort = sourcePort
  m.dstPort = targetPort
  m.vni = vni
  return m
}

export function packet6(source: readonly number[], target: readonly number[]): PacketMeta {
  const m = packet(source[3] ?? 0, target[3] ?? 0, 5000, 443)
  m.ipVersion = 6
  const [src0, src1, src2] = source.map((word) => word | 0)
  const [dst0, dst1, dst2] = target.map((word) => word | 0)
  return Object.assign(m, { src0, src1, src2, dst0, dst1, dst2 })
}

/** The same packet on its way back. */
export function flip(m: PacketMeta): PacketMeta {
  const back = Object.assign(new PacketMeta(), m)
  for (const field of ['0', '1', '2', '3', 'Port'] as const) {
    back[`src${field}`] = m[`dst${field}`]
    back[`dst${field}`] = m[`src${field}`]
  }
  return back
}

/** Looks at the packet and then for it, as the agent does. */
export function find(table: FlowTable, m: PacketMeta): number {
  table.look(m)
  return table.find(m)
}
