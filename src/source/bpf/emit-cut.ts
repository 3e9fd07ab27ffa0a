/** The last step of a kernel filter: TLS application data is cut to its beginning, for nobody reads the rest. */
import { type Assembler, Label } from './assembler.ts'
import type { Build } from './build.ts'
import type { ByVersion } from './emit-network.ts'
import { OP } from './instruction.ts'
import { SLOT } from './residue.ts'

// RFC 791 §3.1, RFC 8200 §3, RFC 9293 §3.1. Byte offsets from the start of each header.
const V4_TOTAL_LENGTH = 2
const V6_PAYLOAD_LENGTH = 4
const V6_HEADER_BYTES = 40
const TCP_DATA_OFFSET = 12
const TCP_MIN_HEADER_BYTES = 20

// RFC 8446 §5.1: type, version, length; the version is 3.0 to 3.4 by whoever sends it.
const RECORD_VERSION = 1
const RECORD_LENGTH = 3
export const RECORD_HEADER_BYTES = 5
const APPLICATION_DATA = 23
const OLDEST_VERSION = 0x0300
const NEWEST_VERSION = 0x0304

/**
 * Begins at one of two labels with a TCP segment that may match, and its offsets in their slots. It is cut to its headers
 * and `keptBytes` of payload when one application-data record covers all of the payload, so that no other record can
 * lie behind it, and is passed whole otherwise.
 */
export function emitCut({ asm, pass }: Build, from: ByVersion, keptBytes: number): void {
  const lengthKnown = new Label()
  asm.place(from[6])
  asm.emit(OP.LDX_MEM, SLOT.network)
  asm.emit(OP.LDH_IND, V6_PAYLOAD_LENGTH)
  // Zero: segmentation offload, or a jumbogram.
  asm.branch(OP.JEQ_K, 0, pass, null)
  asm.emit(OP.ADD_K, V6_HEADER_BYTES)
  asm.go(lengthKnown)

  asm.place(from[4])
  asm.emit(OP.LDX_MEM, SLOT.network)
  asm.emit(OP.LDH_IND, V4_TOTAL_LENGTH)
  asm.branch(OP.JEQ_K, 0, pass, null)

  asm.place(lengthKnown)
  emitSegmentBytes(asm, pass)
  emitPayload(asm, pass)
  emitRecordTest(asm, pass)
  asm.emit(OP.LD_MEM, SLOT.second)
  asm.emit(OP.ADD_K, keptBytes)
  asm.emit(OP.RET_A)
}

/**
 * A = the packet's length from the IP header on, X = the offset of that: leaves the segment's length in its slot, with
 * room for a TCP header, and lying in the frame.
 */
function emitSegmentBytes(asm: Assembler, pass: Label): void {
  asm.emit(OP.ADD_X)
  asm.emit(OP.ST, SLOT.first)
  asm.emit(OP.TAX)
  asm.emit(OP.LD_LEN)
  asm.branch(OP.JGE_X, 0, null, pass)
  asm.emit(OP.LD_MEM, SLOT.first)
  asm.emit(OP.LDX_MEM, SLOT.transport)
  asm.branch(OP.JGT_X, 0, null, pass)
  asm.emit(OP.SUB_X)
  asm.branch(OP.JGE_K, TCP_MIN_HEADER_BYTES, null, pass)
  asm.emit(OP.ST, SLOT.first)
}

/** X is on the TCP header: leaves the payload's length and offset in their slots, with room for a record's header. */
function emitPayload(asm: Assembler, pass: Label): void {
  asm.emit(OP.LDB_IND, TCP_DATA_OFFSET)
  asm.emit(OP.RSH_K, 4)
  asm.emit(OP.LSH_K, 2)
  asm.emit(OP.TAX)
  asm.emit(OP.LD_MEM, SLOT.first)
  asm.branch(OP.JGT_X, 0, null, pass)
  asm.emit(OP.SUB_X)
  asm.branch(OP.JGE_K, RECORD_HEADER_BYTES, null, pass)
  asm.emit(OP.ST, SLOT.first)
  asm.emit(OP.LD_MEM, SLOT.transport)
  asm.emit(OP.ADD_X)
  asm.emit(OP.ST, SLOT.second)
}

/** A = the payload's offset: goes on when an application-data record covers all of the payload. */
function emitRecordTest(asm: Assembler, pass: Label): void {
  asm.emit(OP.TAX)
  asm.emit(OP.LDB_IND, 0)
  asm.branch(OP.JEQ_K, APPLICATION_DATA, null, pass)
  asm.emit(OP.LDH_IND, RECORD_VERSION)
  asm.branch(OP.JGE_K, OLDEST_VERSION, null, pass)
  asm.branch(OP.JGT_K, NEWEST_VERSION, pass, null)
  asm.emit(OP.LDH_IND, RECORD_LENGTH)
  asm.emit(OP.ADD_K, RECORD_HEADER_BYTES)
  asm.emit(OP.LDX_MEM, SLOT.first)
  asm.branch(OP.JGE_X, 0, null, pass)
}
