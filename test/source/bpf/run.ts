/** Runs classic BPF as the kernel would (linux/net/core/filter.c). */
import { u8, u16, u32 } from '../../../src/core/bytes.ts'
import { type Instruction, MEMORY_WORDS, OP, VLAN_TAG, VLAN_TAG_PRESENT } from '../../../src/source/bpf/instruction.ts'

/** A borrowed frame as a socket filter sees it. */
export interface FilteredFrame {
  readonly buf: Uint8Array
  readonly at: number
  /** End of the bytes that are there, exclusive. */
  readonly end: number
  /** What the program is told as the packet's length: more than is there when a capture cut the frame. */
  readonly length: number
  /** The tag that was taken out of the frame (priority, DEI, identifier), -1 = none. */
  readonly vlanTag: number
}

/** A load outside the frame, a division by zero or an instruction that is none: the frame is dropped. */
const DROP = 0

/**
 * Bytes of the frame to keep, 0 = drop it, as the program says. It ends, whatever the program: jumps are forward only.
 * What the kernel would refuse to attach drops everything.
 */
export function runProgram(program: readonly Instruction[], frame: FilteredFrame): number {
  const machine = new Machine(frame)
  for (let pc = 0; pc < program.length; pc++) {
    const { code, jt, jf, k } = program[pc] as Instruction
    if (code === OP.RET_K) return k
    if (code === OP.RET_A) return machine.a
    const kind = code & CLASS_MASK
    if (code === OP.JA) pc += k
    else if (kind === JUMP_CLASS) pc += machine.holds(code, k) ? jt : jf
    else if (!machine.step(code, k)) return DROP
  }
  return DROP
}

const CLASS_MASK = 7
const JUMP_CLASS = 5
const ALU_CLASS = 4
/** The operand is X, not the constant. */
const SOURCE_X = 8

class Machine {
  a = 0
  #x = 0
  readonly #memory = new Uint32Array(MEMORY_WORDS)
  readonly #frame: FilteredFrame

  constructor(frame: FilteredFrame) {
    this.#frame = frame
  }

  holds(code: number, k: number): boolean {
    const operand = (code & SOURCE_X) === 0 ? k : this.#x
    switch (code & ~SOURCE_X) {
      case OP.JEQ_K:
        return this.a === operand
      case OP.JGT_K:
        return this.a > operand
      case OP.JGE_K:
        return this.a >= operand
      default:
        return code === OP.JSET_K || code === OP.JSET_X ? (this.a & operand) !== 0 : false
    }
  }

  /** Does what is not a jump; false when the frame is to be dropped. */
  step(code: number, k: number): boolean {
    if ((code & CLASS_MASK) === ALU_CLASS) return this.#calculate(code, (code & SOURCE_X) === 0 ? k : this.#x)
    switch (code) {
      case OP.ST:
        return this.#store(k, this.a)
      case OP.STX:
        return this.#store(k, this.#x)
      case OP.TAX:
        this.#x = this.a
        return true
      case OP.TXA:
        this.a = this.#x
        return true
      case OP.LDX_IMM:
      case OP.LDX_LEN:
      case OP.LDX_MEM:
      case OP.LDXB_MSH:
        return this.#loadIndex(code, k)
      default:
        return this.#load(code, k)
    }
  }

  #store(k: number, value: number): boolean {
    if (k >= MEMORY_WORDS) return false
    this.#memory[k] = value
    return true
  }

  #calculate(code: number, operand: number): boolean {
    switch (code & ~SOURCE_X) {
      case OP.ADD_K:
        this.a = (this.a + operand) >>> 0
        return true
      case OP.SUB_K:
        this.a = (this.a - operand) >>> 0
        return true
      case OP.MUL_K:
        this.a = Math.imul(this.a, operand) >>> 0
        return true
      case OP.DIV_K:
        this.a = operand === 0 ? 0 : Math.floor(this.a / operand)
        return operand !== 0
      case OP.MOD_K:
        this.a = operand === 0 ? 0 : this.a % operand
        return operand !== 0
      case OP.NEG:
        this.a = -this.a >>> 0
        return true
      default:
        return this.#combine(code, operand)
    }
  }

  #combine(code: number, operand: number): boolean {
    switch (code & ~SOURCE_X) {
      case OP.OR_K:
        this.a = (this.a | operand) >>> 0
        return true
      case OP.AND_K:
        this.a = (this.a & operand) >>> 0
        return true
      case OP.XOR_K:
        this.a = (this.a ^ operand) >>> 0
        return true
      // The kernel shifts by the low five bits.
      case OP.LSH_K:
        this.a = (this.a << operand) >>> 0
        return true
      case OP.RSH_K:
        this.a >>>= operand
        return true
      default:
        return false
    }
  }

  #loadIndex(code: number, k: number): boolean {
    const { buf, at, end, length } = this.#frame
    if (code === OP.LDX_IMM) this.#x = k
    else if (code === OP.LDX_LEN) this.#x = length
    else if (code === OP.LDX_MEM) this.#x = this.#memory[k] ?? 0
    else if (at + k >= end) return false
    else this.#x = (u8(buf, at + k) & 0x0f) << 2
    return code !== OP.LDX_MEM || k < MEMORY_WORDS
  }

  #load(code: number, k: number): boolean {
    switch (code) {
      case OP.LD_IMM:
        this.a = k
        return true
      case OP.LD_LEN:
        this.a = this.#frame.length
        return true
      case OP.LD_MEM:
        this.a = this.#memory[k] ?? 0
        return k < MEMORY_WORDS
      case OP.LD_ABS:
      case OP.LDH_ABS:
      case OP.LDB_ABS:
        return this.#loadAncillary(k) || this.#loadBytes(code - OP.LD_ABS, k)
      case OP.LD_IND:
      case OP.LDH_IND:
      case OP.LDB_IND:
        return this.#loadBytes(code - OP.LD_IND, (this.#x + k) >>> 0)
      default:
        return false
    }
  }

  #loadAncillary(k: number): boolean {
    const { vlanTag } = this.#frame
    if (k === VLAN_TAG_PRESENT) this.a = vlanTag >= 0 ? 1 : 0
    else if (k === VLAN_TAG) this.a = Math.max(vlanTag, 0)
    else return false
    return true
  }

  /** `size` is the opcode's: 0 for four bytes, 8 for two, 16 for one. */
  #loadBytes(size: number, offset: number): boolean {
    const { buf, at, end } = this.#frame
    const bytes = size === 0 ? 4 : size === 8 ? 2 : 1
    const from = at + offset
    if (from + bytes > end) return false
    this.a = bytes === 4 ? u32(buf, from) : bytes === 2 ? u16(buf, from) : u8(buf, from)
    return true
  }
}
