/** What the decoder and a program say of the same frame. */
import { type FilterExpression, parseFilter } from '../../../src/core/filter-expression.ts'
import { decodeFrame } from '../../../src/decode/decode.ts'
import { compileFilter } from '../../../src/decode/filter.ts'
import { DECODED, FRAGMENT, PacketMeta } from '../../../src/decode/packet-meta.ts'
import { compileKernelFilter } from '../../../src/source/bpf/kernel-filter.ts'
import { runProgram } from './run.ts'

export const WHOLE = 0x40000

/** Does the decoder accept the frame? A fragment counts when what it is a part of may match. */
export function decoderAccepts(expression: string, frame: Uint8Array): boolean {
  const m = new PacketMeta()
  const status = decodeFrame(frame, 0, frame.length, frame.length, 1, m)
  if (status === FRAGMENT) return knowingTagOnly(parseFilter(expression), m.vlan) !== false
  return status === DECODED && compileFilter(expression)(m)
}

/** Is the expression true, whatever else is so? null: that depends. */
function knowingTagOnly(node: FilterExpression, vlan: number): boolean | null {
  switch (node.kind) {
    case 'vlan':
      return vlan < 0 ? null : node.id === null || node.id === vlan
    case 'not': {
      const inner = knowingTagOnly(node.of, vlan)
      return inner === null ? null : !inner
    }
    case 'and':
    case 'or': {
      const parts = node.of.map((part) => knowingTagOnly(part, vlan))
      const deciding = node.kind === 'or'
      if (parts.includes(deciding)) return deciding
      return parts.includes(null) ? null : !deciding
    }
    default:
      return null
  }
}

const isTagged = (frame: Uint8Array): boolean =>
  frame.length >= 16 && ['8100', '88a8'].includes(Buffer.from(frame.subarray(12, 14)).toString('hex'))

/** The frame as a packet socket would have it: its outer tag taken out and told beside it. */
export function stripTag(frame: Uint8Array): { bytes: Uint8Array; vlanTag: number } {
  if (!isTagged(frame)) return { bytes: frame, vlanTag: -1 }
  const vlanTag = ((frame[14] as number) << 8) | (frame[15] as number)
  return { bytes: Buffer.concat([frame.subarray(0, 12), frame.subarray(16)]), vlanTag }
}

export function programSays(
  expression: string | null,
  frame: Uint8Array,
  kept: number | null = null,
  vlanTag = -1,
): number {
  return programOf(expression, kept)(frame, vlanTag)
}

/** Compiled once, for many frames. */
export function programOf(expression: string | null, kept: number | null = null) {
  const program = compileKernelFilter(expression === null ? null : parseFilter(expression), kept)
  return (frame: Uint8Array, vlanTag = -1): number =>
    runProgram(program, { buf: frame, at: 0, end: frame.length, length: frame.length, vlanTag })
}
