import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type Instruction, OP, VLAN_TAG, VLAN_TAG_PRESENT } from '../../../src/source/bpf/instruction.ts'
import { instructions } from './notation.ts'
import { type FilteredFrame, runProgram } from './run.ts'

fc.configureGlobal({ seed: Number(process.env['FUZZ_SEED'] ?? 20_261_124) })

/** The frame lies between other bytes. */
const BYTES = Buffer.from('eeee45112233445566778899eeeeeeeeeeee', 'hex')
const frame: FilteredFrame = { buf: BYTES, at: 2, end: 12, length: 60, vlanTag: 0x2005 }

const step = (code: number, k = 0): Instruction => ({ code, jt: 0, jf: 0, k: k >>> 0 })
/** What is in A after these. */
const leaves = (...program: Instruction[]): number => runProgram([...program, step(OP.RET_A)], frame)
const HIGH = 0x80000001

describe('loads', () => {
  it.each([
    { name: 'a word', program: [step(OP.LD_ABS, 0)], a: 0x45112233 },
    { name: 'a word with its top bit', program: [step(OP.LD_ABS, 6)], a: 0x66778899 },
    { name: 'a half word', program: [step(OP.LDH_ABS, 8)], a: 0x8899 },
    { name: 'a byte', program: [step(OP.LDB_ABS, 9)], a: 0x99 },
    { name: 'at X', program: [step(OP.LDX_IMM, 3), step(OP.LD_IND, 1)], a: 0x44556677 },
    { name: 'before X', program: [step(OP.LDX_IMM, 3), step(OP.LDH_IND, -2)], a: 0x1122 },
    { name: 'a byte at X', program: [step(OP.LDX_IMM, 3), step(OP.LDB_IND, 1)], a: 0x44 },
    { name: 'a constant', program: [step(OP.LD_IMM, HIGH)], a: HIGH },
    { name: 'the length on the wire', program: [step(OP.LD_LEN)], a: 60 },
    { name: 'the length into X', program: [step(OP.LDX_LEN), step(OP.TXA)], a: 60 },
    { name: 'an IPv4 header length', program: [step(OP.LDXB_MSH, 0), step(OP.TXA)], a: 20 },
    { name: 'memory', program: [step(OP.LD_IMM, 5), step(OP.ST, 15), step(OP.LD_IMM, 0), step(OP.LD_MEM, 15)], a: 5 },
    { name: 'memory of X', program: [step(OP.LDX_IMM, 9), step(OP.STX, 0), step(OP.LD_MEM, 0)], a: 9 },
    { name: 'memory into X', program: [step(OP.LD_IMM, 9), step(OP.ST, 2), step(OP.LDX_MEM, 2), step(OP.TXA)], a: 9 },
    { name: 'that a tag was taken out', program: [step(OP.LDB_ABS, VLAN_TAG_PRESENT)], a: 1 },
    { name: 'the tag', program: [step(OP.LD_ABS, VLAN_TAG)], a: 0x2005 },
  ])('$name', ({ program, a }) => {
    expect(leaves(...program)).toBe(a)
  })

  it.each([
    { name: 'a word that ends outside', program: [step(OP.LD_ABS, 7)] },
    { name: 'a half word that ends outside', program: [step(OP.LDH_ABS, 9)] },
    { name: 'a byte outside', program: [step(OP.LDB_ABS, 10)] },
    { name: 'a byte before the frame', program: [step(OP.LDB_ABS, -1)] },
    { name: 'a byte far outside by X', program: [step(OP.LDX_IMM, HIGH), step(OP.LDB_IND, 5)] },
    { name: 'a header length outside', program: [step(OP.LDXB_MSH, 10)] },
    { name: 'memory that is not there', program: [step(OP.LD_MEM, 16)] },
    { name: 'into memory that is not there', program: [step(OP.ST, 16)] },
    { name: 'by an opcode that is none', program: [step(0xff00)] },
  ])('drop the frame for $name', ({ program }) => {
    expect(leaves(...program, step(OP.LD_IMM, 1))).toBe(0)
  })
})

describe('arithmetic is of 32 bits without a sign', () => {
  it.each([
    { op: 'ADD', a: 0xffffffff, x: 3, want: 2 },
    { op: 'SUB', a: 1, x: 3, want: 0xfffffffe },
    { op: 'MUL', a: 0x10001, x: 0x10001, want: 0x20001 },
    { op: 'DIV', a: 0xffffffff, x: 2, want: 0x7fffffff },
    { op: 'MOD', a: 0xffffffff, x: 16, want: 15 },
    { op: 'OR', a: HIGH, x: 6, want: 0x80000007 },
    { op: 'AND', a: 0xffffffff, x: HIGH, want: HIGH },
    { op: 'XOR', a: 0xffffffff, x: HIGH, want: 0x7ffffffe },
    { op: 'LSH', a: HIGH, x: 1, want: 2 },
    { op: 'RSH', a: HIGH, x: 1, want: 0x40000000 },
    { op: 'LSH', a: 3, x: 33, want: 6 },
  ] as const)('$op', ({ op, a, x, want }) => {
    expect(leaves(step(OP.LD_IMM, a), step(OP[`${op}_K`], x))).toBe(want)
    expect(leaves(step(OP.LDX_IMM, x), step(OP.LD_IMM, a), step(OP[`${op}_X`]))).toBe(want)
  })

  it('NEG', () => {
    expect(leaves(step(OP.LD_IMM, 1), step(OP.NEG))).toBe(0xffffffff)
  })

  it.each(['DIV', 'MOD'] as const)('%s by zero drops the frame', (op) => {
    expect(leaves(step(OP.LD_IMM, 9), step(OP[`${op}_K`], 0), step(OP.LD_IMM, 1))).toBe(0)
    expect(leaves(step(OP.LD_IMM, 9), step(OP[`${op}_X`]), step(OP.LD_IMM, 1))).toBe(0)
  })
})

describe('jumps', () => {
  it.each([
    { op: 'JEQ', a: HIGH, x: HIGH, holds: true },
    { op: 'JEQ', a: 1, x: HIGH, holds: false },
    { op: 'JGT', a: HIGH, x: 1, holds: true },
    { op: 'JGT', a: 1, x: 1, holds: false },
    { op: 'JGE', a: 1, x: 1, holds: true },
    { op: 'JGE', a: 1, x: HIGH, holds: false },
    { op: 'JSET', a: HIGH, x: 0x80000000, holds: true },
    { op: 'JSET', a: HIGH, x: 2, holds: false },
  ] as const)('$op of $a and $x is $holds', ({ op, a, x, holds }) => {
    const by = (code: number, k: number): number =>
      runProgram(
        [
          step(OP.LDX_IMM, x),
          step(OP.LD_IMM, a),
          { code, jt: 1, jf: 0, k },
          step(OP.RET_K, 100),
          step(OP.JA, 1),
          step(OP.RET_K, 300),
          step(OP.RET_K, 200),
        ],
        frame,
      )
    expect(by(OP[`${op}_K`], x)).toBe(holds ? 200 : 100)
    expect(by(OP[`${op}_X`], 0)).toBe(holds ? 200 : 100)
  })

  it('out of the program drop the frame', () => {
    expect(runProgram([step(OP.JA, 0xffffffff), step(OP.RET_K, 1)], frame)).toBe(0)
    expect(runProgram([], frame)).toBe(0)
  })
})

it('any program ends with a number, and sees nothing outside of the frame', () => {
  const other = Buffer.from(BYTES)
  other.fill(0x11, 0, frame.at)
  other.fill(0x22, frame.end)
  fc.assert(
    fc.property(fc.array(instructions, { maxLength: 40 }), (program) => {
      const kept = runProgram(program, frame)
      expect(Number.isInteger(kept) && kept >= 0 && kept <= 0xffffffff).toBe(true)
      expect(runProgram(program, { ...frame, buf: other })).toBe(kept)
    }),
    { numRuns: 2000 },
  )
})
