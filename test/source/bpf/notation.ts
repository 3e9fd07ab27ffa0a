/** Reads the notation of `tcpdump -d` back, and its numbers (`-ddd`); and makes instructions at random. */
import fc from 'fast-check'
import { type Instruction, OP, VLAN_TAG, VLAN_TAG_PRESENT } from '../../../src/source/bpf/instruction.ts'

/** Mnemonic and form of the operand, by opcode, as bpf_asm(1) has them. */
const FORMS: Readonly<Record<string, number>> = {
  'ld [n]': OP.LD_ABS,
  'ldh [n]': OP.LDH_ABS,
  'ldb [n]': OP.LDB_ABS,
  'ld [x + n]': OP.LD_IND,
  'ldh [x + n]': OP.LDH_IND,
  'ldb [x + n]': OP.LDB_IND,
  'ld #n': OP.LD_IMM,
  'ld M[n]': OP.LD_MEM,
  'ld #pktlen': OP.LD_LEN,
  'ldx #n': OP.LDX_IMM,
  'ldx M[n]': OP.LDX_MEM,
  'ldx #pktlen': OP.LDX_LEN,
  'ldxb 4*([n]&0xf)': OP.LDXB_MSH,
  'st M[n]': OP.ST,
  'stx M[n]': OP.STX,
  'ja n': OP.JA,
  'ret #n': OP.RET_K,
  'ret ': OP.RET_A,
  'tax ': OP.TAX,
  'txa ': OP.TXA,
  'neg ': OP.NEG,
  ...Object.fromEntries(
    Object.entries(OP)
      .filter(([name]) => /^(ADD|SUB|MUL|DIV|MOD|AND|OR|XOR|LSH|RSH|JEQ|JGT|JGE|JSET)_/.test(name))
      .map(([name, code]) => [`${name.slice(0, -2).toLowerCase()} ${name.endsWith('X') ? 'x' : '#n'}`, code]),
  ),
}

export const readNotation = (text: string): Instruction[] =>
  text
    .split('\n')
    .filter((line) => line !== '')
    .map(readLine)

function readLine(line: string): Instruction {
  const match = /^\((\d+)\) (\S+)\s*(.*?)\s*(?:jt (\d+)\tjf (\d+))?$/.exec(line)
  if (match === null) throw new Error(`not an instruction: ${line}`)
  const [, at, mnemonic, operand = '', jt, jf] = match
  const next = Number(at) + 1
  const isAncillary = operand === '[vlan_tci]' || operand === '[vlanp]'
  const number = /#pktlen|&0xf\)$/.test(operand) ? /\[(-?\d+)\]/.exec(operand) : /(-?0x[0-9a-f]+|-?\d+)/.exec(operand)
  const written = mnemonic === 'ldxb' ? '4*([n]&0xf)' : operand.replace(number?.[1] ?? '', number === null ? '' : 'n')
  const form = isAncillary ? '[n]' : written
  const code = FORMS[`${mnemonic} ${form}`]
  if (code === undefined) throw new Error(`no opcode is written ${mnemonic} ${form}`)
  const value = isAncillary ? (operand === '[vlanp]' ? VLAN_TAG_PRESENT : VLAN_TAG) : Number(number?.[1] ?? 0)
  const k = (code === OP.JA ? value - next : value) >>> 0
  return { code, k, jt: jt === undefined ? 0 : Number(jt) - next, jf: jf === undefined ? 0 : Number(jf) - next }
}

/** A count, then code, jt, jf and k of each. */
export const readNumbers = (text: string): Instruction[] =>
  text
    .trim()
    .split('\n')
    .slice(1)
    .map((line) => line.split(' ').map(Number))
    .map(([code = 0, jt = 0, jf = 0, k = 0]) => ({ code, jt, jf, k }))

const WITHOUT_OPERAND: readonly number[] = [OP.RET_A, OP.TAX, OP.TXA, OP.NEG, OP.LD_LEN, OP.LDX_LEN]
const isConditional = (code: number): boolean => (code & 7) === 5 && code !== OP.JA
const takesX = (code: number): boolean => ((code & 7) === 4 || (code & 7) === 5) && (code & 8) !== 0

/** One of every opcode, with an operand that means something to it often enough. */
export const instructions: fc.Arbitrary<Instruction> = fc
  .tuple(
    fc.constantFrom(...Object.values(OP)),
    fc.oneof(fc.nat(15), fc.nat(80), fc.nat(0xffffffff), fc.constantFrom(VLAN_TAG, VLAN_TAG_PRESENT)),
    fc.nat(12),
    fc.nat(12),
  )
  .map(([code, value, jt, jf]) => {
    const usesMemory = code === OP.ST || code === OP.STX || code === OP.LD_MEM || code === OP.LDX_MEM
    const k = WITHOUT_OPERAND.includes(code) || takesX(code) ? 0 : usesMemory || code === OP.JA ? value % 16 : value
    return { code, k: k >>> 0, ...(isConditional(code) ? { jt, jf } : { jt: 0, jf: 0 }) }
  })
