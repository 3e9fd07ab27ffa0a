/** Classic BPF as Linux takes it with SO_ATTACH_FILTER (linux/filter.h, linux/bpf_common.h). */
import { endianness } from 'node:os'

/** struct sock_filter. Jumps are forward and relative to the next instruction. */
export interface Instruction {
  readonly code: number
  readonly jt: number
  readonly jf: number
  readonly k: number
}

/** BPF_MAXINSNS. */
export const MAX_INSTRUCTIONS = 4096
/** BPF_MEMWORDS: scratch words of 32 bits. */
export const MEMORY_WORDS = 16

/** Bytes of struct sock_filter: u16 code, u8 jt, u8 jf, u32 k. */
const INSTRUCTION_BYTES = 8

// Classes, sizes, modes, operations and sources; an opcode is one of each, added.
const LD = 0x00
const LDX = 0x01
const ALU = 0x04
const JMP = 0x05
const RET = 0x06
const MISC = 0x07
const W = 0x00
const H = 0x08
const B = 0x10
const IMM = 0x00
const ABS = 0x20
const IND = 0x40
const MEM = 0x60
const LEN = 0x80
const MSH = 0xa0
const K = 0x00
const X = 0x08
const A = 0x10

/** Every opcode of classic BPF. _K works on the constant, _X on the index register. */
export const OP = {
  LD_ABS: LD + W + ABS,
  LDH_ABS: LD + H + ABS,
  LDB_ABS: LD + B + ABS,
  LD_IND: LD + W + IND,
  LDH_IND: LD + H + IND,
  LDB_IND: LD + B + IND,
  LD_IMM: LD + W + IMM,
  LD_MEM: LD + W + MEM,
  LD_LEN: LD + W + LEN,
  LDX_IMM: LDX + W + IMM,
  LDX_MEM: LDX + W + MEM,
  LDX_LEN: LDX + W + LEN,
  LDXB_MSH: LDX + B + MSH,
  ST: 0x02,
  STX: 0x03,
  ADD_K: ALU + K + 0x00,
  ADD_X: ALU + X + 0x00,
  SUB_K: ALU + K + 0x10,
  SUB_X: ALU + X + 0x10,
  MUL_K: ALU + K + 0x20,
  MUL_X: ALU + X + 0x20,
  DIV_K: ALU + K + 0x30,
  DIV_X: ALU + X + 0x30,
  OR_K: ALU + K + 0x40,
  OR_X: ALU + X + 0x40,
  AND_K: ALU + K + 0x50,
  AND_X: ALU + X + 0x50,
  LSH_K: ALU + K + 0x60,
  LSH_X: ALU + X + 0x60,
  RSH_K: ALU + K + 0x70,
  RSH_X: ALU + X + 0x70,
  NEG: ALU + 0x80,
  MOD_K: ALU + K + 0x90,
  MOD_X: ALU + X + 0x90,
  XOR_K: ALU + K + 0xa0,
  XOR_X: ALU + X + 0xa0,
  JA: JMP + 0x00,
  JEQ_K: JMP + K + 0x10,
  JEQ_X: JMP + X + 0x10,
  JGT_K: JMP + K + 0x20,
  JGT_X: JMP + X + 0x20,
  JGE_K: JMP + K + 0x30,
  JGE_X: JMP + X + 0x30,
  JSET_K: JMP + K + 0x40,
  JSET_X: JMP + X + 0x40,
  RET_K: RET + K,
  RET_A: RET + A,
  TAX: MISC + 0x00,
  TXA: MISC + 0x80,
} as const

/** SKF_AD_OFF: absolute loads from here on ask the kernel about the packet instead of reading it. */
const ANCILLARY = 0xfffff000
/** SKF_AD_OFF + SKF_AD_IFINDEX: the number of the interface that the frame came in by. */
export const INTERFACE_INDEX = ANCILLARY + 8
/** SKF_AD_OFF + SKF_AD_VLAN_TAG: priority, DEI and VLAN identifier of a tag that is no longer in the frame. */
export const VLAN_TAG = ANCILLARY + 44
/** SKF_AD_OFF + SKF_AD_VLAN_TAG_PRESENT: 1 when there was such a tag. */
export const VLAN_TAG_PRESENT = ANCILLARY + 48

/** An array of struct sock_filter in this machine's byte order. */
export function encodeProgram(program: readonly Instruction[]): Buffer {
  const bytes = Buffer.alloc(program.length * INSTRUCTION_BYTES)
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
  const little = endianness() === 'LE'
  for (const [n, { code, jt, jf, k }] of program.entries()) {
    const at = n * INSTRUCTION_BYTES
    view.setUint16(at, code, little)
    view.setUint8(at + 2, jt)
    view.setUint8(at + 3, jf)
    view.setUint32(at + 4, k, little)
  }
  return bytes
}
