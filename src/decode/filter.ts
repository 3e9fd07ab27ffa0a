/** A filter expression as a predicate over decoded headers. */
import { type AddressRange, isInRange } from '../core/address.ts'
import { type FilterEnd, type FilterExpression, parseFilter } from '../core/filter-expression.ts'
import { type PacketMeta, PROTO_SCTP, PROTO_TCP, PROTO_UDP } from './packet-meta.ts'

export type PacketFilter = (m: PacketMeta) => boolean

/**
 * Compiles an expression; docs/filter.md has the language.
 * @throws OperatorError ERR_FILTER
 */
export const compileFilter = (expression: string): PacketFilter => predicate(parseFilter(expression))

function predicate(node: FilterExpression): PacketFilter {
  switch (node.kind) {
    case 'version': {
      const { version } = node
      return (m) => m.ipVersion === version
    }
    case 'protocol': {
      const { protocol } = node
      return (m) => m.proto === protocol
    }
    case 'address':
      return atEnd(node.end, ...addressTests(node.range))
    case 'port':
      return atEnd(node.end, ...portTests(node.low, node.high))
    case 'vlan': {
      const { id } = node
      return id === null ? (m) => m.vlan >= 0 : (m) => m.vlan === id
    }
    case 'vni': {
      const { vni } = node
      return (m) => m.vni === vni
    }
    case 'not': {
      const inner = predicate(node.of)
      return (m) => !inner(m)
    }
    case 'and':
      return inPairs(node.of.map(predicate), (a, b) => (m) => a(m) && b(m))
    case 'or':
      return inPairs(node.of.map(predicate), (a, b) => (m) => a(m) || b(m))
  }
}

/** In the same order, and no deeper than the logarithm of their number: a list of hosts may be long. */
function inPairs(
  tests: readonly PacketFilter[],
  join: (a: PacketFilter, b: PacketFilter) => PacketFilter,
): PacketFilter {
  const half = tests.length >> 1
  if (half === 0) return tests[0] as PacketFilter
  return join(inPairs(tests.slice(0, half), join), inPairs(tests.slice(half), join))
}

function atEnd(end: FilterEnd, source: PacketFilter, destination: PacketFilter): PacketFilter {
  if (end === 'src') return source
  if (end === 'dst') return destination
  return (m) => source(m) || destination(m)
}

const addressTests = (range: AddressRange): [PacketFilter, PacketFilter] => [
  (m) => isInRange(range, m.src0, m.src1, m.src2, m.src3),
  (m) => isInRange(range, m.dst0, m.dst1, m.dst2, m.dst3),
]

function portTests(low: number, high: number): [PacketFilter, PacketFilter] {
  if (low === high) return [(m) => hasPorts(m) && m.srcPort === low, (m) => hasPorts(m) && m.dstPort === low]
  return [
    (m) => hasPorts(m) && m.srcPort >= low && m.srcPort <= high,
    (m) => hasPorts(m) && m.dstPort >= low && m.dstPort <= high,
  ]
}

const hasPorts = (m: PacketMeta): boolean => m.proto === PROTO_TCP || m.proto === PROTO_UDP || m.proto === PROTO_SCTP
