/**
 * What is left of a filter expression for one shape of frame: the headers that were recognised decide some of its
 * tests, others are left to do, and what the frame's headers cannot tell counts as "may hold". So the residue is false
 * only for frames that the expression certainly does not match.
 */
import type { AddressRange } from '../../core/address.ts'
import type { FilterEnd, FilterExpression } from '../../core/filter-expression.ts'
import { OP } from './instruction.ts'

/** Scratch words. A program keeps in X the offset of the IP header whenever a residue is run. */
export const SLOT = {
  /** Offset of the IP header. */
  network: 0,
  /** Offset of the transport header. */
  transport: 1,
  sourcePort: 2,
  destinationPort: 3,
  /** Identifier of the outermost VLAN tag, NO_VLAN = none. */
  vlan: 4,
  vni: 5,
  /** Within one step of the program only. */
  first: 6,
  second: 7,
} as const
/** No identifier: those have twelve bits. */
export const NO_VLAN = 0xffffffff

/** `low <= (value & mask) <= high`, or its opposite. `opcode` and `operand` load the value. */
export interface FieldTest {
  readonly kind: 'field'
  readonly opcode: number
  readonly operand: number
  readonly mask: number
  readonly low: number
  readonly high: number
  readonly holds: boolean
}

export type Residue = boolean | FieldTest | { readonly kind: 'and' | 'or'; readonly of: readonly Residue[] }

/** What the program has found out on the way to a place in it. `unknown` is what a layer further in may say otherwise. */
export interface Shape {
  readonly version: 4 | 6 | 'unknown'
  /** A protocol number; -1 is one that the expression has no name for. */
  readonly protocol: number | 'unknown'
  /** `loaded`: in their slots. `none`: the protocol has no ports. */
  readonly ports: 'loaded' | 'none' | 'unknown'
  readonly vlan: 'loaded' | 'unknown'
  readonly vni: 'loaded' | 'none' | 'unknown'
}

/** What is left to test of `node`, or of its opposite when `wanted` is false. */
export function residueOf(node: FilterExpression, shape: Shape, wanted = true): Residue {
  switch (node.kind) {
    case 'not':
      return residueOf(node.of, shape, !wanted)
    case 'and':
    case 'or': {
      // De Morgan: negations go down to the tests, so that "may hold" is asked of each the right way round.
      const joint = (node.kind === 'and') === wanted ? 'and' : 'or'
      return join(
        joint,
        node.of.map((part) => residueOf(part, shape, wanted)),
      )
    }
    default: {
      const known = primitive(node, shape)
      if (known === 'unknown') return true
      return wanted ? known : opposite(known)
    }
  }
}

export type Primitive = Exclude<FilterExpression, { kind: 'not' | 'and' | 'or' }>

function primitive(node: Primitive, shape: Shape): Residue | 'unknown' {
  switch (node.kind) {
    case 'version':
      return shape.version === 'unknown' ? 'unknown' : shape.version === node.version
    case 'protocol':
      return shape.protocol === 'unknown' ? 'unknown' : shape.protocol === node.protocol
    case 'address':
      return addressResidue(node.range, node.end, shape.version)
    case 'port':
      return portResidue(node.low, node.high, node.end, shape.ports)
    case 'vlan':
      if (shape.vlan === 'unknown') return 'unknown'
      return fieldTest(OP.LD_MEM, SLOT.vlan, node.id ?? 0, node.id ?? 0x0fff)
    case 'vni':
      if (shape.vni === 'unknown') return 'unknown'
      return shape.vni === 'none' ? false : fieldTest(OP.LD_MEM, SLOT.vni, node.vni, node.vni)
  }
}

const MAX_PORT = 0xffff

function portResidue(low: number, high: number, end: FilterEnd, ports: Shape['ports']): Residue | 'unknown' {
  if (ports === 'unknown') return 'unknown'
  // A range may be written past the last port, and backwards.
  const top = Math.min(high, MAX_PORT)
  if (ports === 'none' || low > top) return false
  const source = fieldTest(OP.LD_MEM, SLOT.sourcePort, low, top)
  const destination = fieldTest(OP.LD_MEM, SLOT.destinationPort, low, top)
  return atEnd(end, source, destination)
}

// RFC 791 §3.1 and RFC 8200 §3. Byte offsets from the start of the IP header.
const V4_SRC = 12
const V4_DST = 16
const V6_SRC = 8
const V6_DST = 24
/** An IPv4 address is compared as IPv4-mapped (RFC 4291 §2.5.5.2); these are its first words. */
const MAPPED_WORDS = [0, 0, 0xffff]
const MAPPED: AddressRange = { words: [...MAPPED_WORDS, 0], masks: [-1, -1, -1, 0] }

function addressResidue(range: AddressRange, end: FilterEnd, version: Shape['version']): Residue | 'unknown' {
  if (version === 'unknown') return 'unknown'
  // Packets with MAPPED_IN_V6 have passed by now.
  if (version === 6) return isIpv4Range(range) ? false : atEnd(end, wordsAt(range, V6_SRC), wordsAt(range, V6_DST))
  const isMapped = MAPPED_WORDS.every((word, n) => ((word ^ (range.words[n] ?? 0)) & (range.masks[n] ?? 0)) === 0)
  if (!isMapped) return false
  return atEnd(end, wordsAt(range, V4_SRC, 3), wordsAt(range, V4_DST, 3))
}

/** Does the range hold nothing but IPv4 addresses? */
export const isIpv4Range = ({ words, masks }: AddressRange): boolean =>
  MAPPED_WORDS.every((word, n) => masks[n] === -1 && words[n] === word)

/** Compares the range's words from `first` on with those at `offset` of the IP header. */
function wordsAt(range: AddressRange, offset: number, first = 0): Residue {
  const tests = range.words.slice(first).map((word, n): Residue => {
    const mask = (range.masks[first + n] ?? 0) >>> 0
    const value = (word & mask) >>> 0
    return mask === 0 ? true : fieldTest(OP.LD_IND, offset + n * 4, value, value, mask)
  })
  // The last word differs most.
  return join('and', tests.reverse())
}

const atEnd = (end: FilterEnd, source: Residue, destination: Residue): Residue =>
  end === 'src' ? source : end === 'dst' ? destination : join('or', [source, destination])

const fieldTest = (opcode: number, operand: number, low: number, high: number, mask = 0xffffffff): FieldTest => ({
  kind: 'field',
  opcode,
  operand,
  mask,
  low,
  high,
  holds: true,
})

function opposite(residue: Residue): Residue {
  if (typeof residue === 'boolean') return !residue
  if (residue.kind === 'field') return { ...residue, holds: !residue.holds }
  return { kind: residue.kind === 'and' ? 'or' : 'and', of: residue.of.map(opposite) }
}

/** Joins, leaving out what decides nothing. */
function join(kind: 'and' | 'or', parts: readonly Residue[]): Residue {
  const deciding = kind === 'or'
  if (parts.includes(deciding)) return deciding
  const of = parts.filter((part) => typeof part !== 'boolean')
  if (of.length === 0) return !deciding
  return of.length === 1 ? (of[0] as Residue) : { kind, of }
}

/** An IPv6 header that has an IPv4-mapped address. Asked once, so that IPv4 addresses need no tests in IPv6 packets. */
export const MAPPED_IN_V6: Residue = join('or', [wordsAt(MAPPED, V6_SRC), wordsAt(MAPPED, V6_DST)])
