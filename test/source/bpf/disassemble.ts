/** A program as people read it: the notation of `tcpdump -d`. */
import { type Instruction, OP, VLAN_TAG, VLAN_TAG_PRESENT } from '../../../src/source/bpf/instruction.ts'

type Operand = (k: number, next: number) => string

const decimal: Operand = (k) => `#${k | 0}`
const hex: Operand = (k) => `#0x${k.toString(16)}`
const index: Operand = () => 'x'
const nothing: Operand = () => ''
const memory: Operand = (k) => `M[${k}]`
const relative: Operand = (k) => `[x + ${k | 0}]`
const absolute: Operand = (k) => {
  if (k === VLAN_TAG) return '[vlan_tci]'
  return k === VLAN_TAG_PRESENT ? '[vlanp]' : `[${k | 0}]`
}

const TEXTS: ReadonlyMap<number, readonly [string, Operand]> = new Map<number, readonly [string, Operand]>([
  [OP.LD_ABS, ['ld', absolute]],
  [OP.LDH_ABS, ['ldh', absolute]],
  [OP.LDB_ABS, ['ldb', absolute]],
  [OP.LD_IND, ['ld', relative]],
  [OP.LDH_IND, ['ldh', relative]],
  [OP.LDB_IND, ['ldb', relative]],
  [OP.LD_IMM, ['ld', hex]],
  [OP.LD_MEM, ['ld', memory]],
  [OP.LD_LEN, ['ld', () => '#pktlen']],
  [OP.LDX_IMM, ['ldx', hex]],
  [OP.LDX_MEM, ['ldx', memory]],
  [OP.LDX_LEN, ['ldx', () => '#pktlen']],
  [OP.LDXB_MSH, ['ldxb', (k) => `4*([${k | 0}]&0xf)`]],
  [OP.ST, ['st', memory]],
  [OP.STX, ['stx', memory]],
  [OP.ADD_K, ['add', decimal]],
  [OP.ADD_X, ['add', index]],
  [OP.SUB_K, ['sub', decimal]],
  [OP.SUB_X, ['sub', index]],
  [OP.MUL_K, ['mul', decimal]],
  [OP.MUL_X, ['mul', index]],
  [OP.DIV_K, ['div', decimal]],
  [OP.DIV_X, ['div', index]],
  [OP.OR_K, ['or', hex]],
  [OP.OR_X, ['or', index]],
  [OP.AND_K, ['and', hex]],
  [OP.AND_X, ['and', index]],
  [OP.LSH_K, ['lsh', decimal]],
  [OP.LSH_X, ['lsh', index]],
  [OP.RSH_K, ['rsh', decimal]],
  [OP.RSH_X, ['rsh', index]],
  [OP.NEG, ['neg', nothing]],
  [OP.MOD_K, ['mod', decimal]],
  [OP.MOD_X, ['mod', index]],
  [OP.XOR_K, ['xor', hex]],
  [OP.XOR_X, ['xor', index]],
  [OP.JA, ['ja', (k, next) => String((next + k) | 0)]],
  [OP.JEQ_K, ['jeq', hex]],
  [OP.JEQ_X, ['jeq', index]],
  [OP.JGT_K, ['jgt', hex]],
  [OP.JGT_X, ['jgt', index]],
  [OP.JGE_K, ['jge', hex]],
  [OP.JGE_X, ['jge', index]],
  [OP.JSET_K, ['jset', hex]],
  [OP.JSET_X, ['jset', index]],
  [OP.RET_K, ['ret', decimal]],
  [OP.RET_A, ['ret', nothing]],
  [OP.TAX, ['tax', nothing]],
  [OP.TXA, ['txa', nothing]],
])

const CLASS_MASK = 7
const JUMP_CLASS = 5

/** One line an instruction, numbered; jumps name the line they go to. An opcode that is none is shown as its number. */
export const disassemble = (program: readonly Instruction[]): string => program.map(line).join('\n')

function line({ code, jt, jf, k }: Instruction, n: number): string {
  const next = n + 1
  const [mnemonic, operand] = TEXTS.get(code) ?? [`unknown 0x${code.toString(16)}`, hex]
  const text = `(${String(n).padStart(3, '0')}) ${mnemonic.padEnd(8)} ${operand(k, next)}`
  if ((code & CLASS_MASK) !== JUMP_CLASS || code === OP.JA) return text.trimEnd()
  return `${text.padEnd(31)} jt ${next + jt}\tjf ${next + jf}`
}
