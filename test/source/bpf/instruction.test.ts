import { endianness } from 'node:os'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { Assembler, Label } from '../../../src/source/bpf/assembler.ts'
import { encodeProgram, OP } from '../../../src/source/bpf/instruction.ts'
import { disassemble } from './disassemble.ts'
import { instructions, readNotation } from './notation.ts'
import { runProgram } from './run.ts'

fc.configureGlobal({ seed: Number(process.env['FUZZ_SEED'] ?? 20_261_124) })

const nothing = { buf: new Uint8Array(0), at: 0, end: 0, length: 0, vlanTag: -1 }

describe('a program in bytes', () => {
  it.skipIf(endianness() !== 'LE')('is struct sock_filter, eight bytes an instruction', () => {
    const program = [
      { code: OP.LDH_ABS, jt: 0, jf: 0, k: 12 },
      { code: OP.JEQ_K, jt: 1, jf: 255, k: 0x86dd },
      { code: OP.RET_K, jt: 0, jf: 0, k: 0xffffffff },
    ]
    expect(encodeProgram(program).toString('hex')).toBe('280000000c000000' + '150001ffdd860000' + '06000000ffffffff')
  })
})

describe('a program in words', () => {
  it('reads back as it was', () => {
    fc.assert(
      fc.property(fc.array(instructions, { maxLength: 30 }), (program) => {
        expect(readNotation(disassemble(program))).toEqual(program)
      }),
      { numRuns: 1000 },
    )
  })

  it('shows an opcode that is none as its number', () => {
    expect(disassemble([{ code: 0xffff, jt: 0, jf: 0, k: 1 }])).toBe('(000) unknown 0xffff #0x1')
  })
})

describe('an assembler', () => {
  /** Goes to one of `far` answers, each `gap` instructions behind the one before. */
  function answers(values: readonly number[], gap: number): ReturnType<Assembler['assemble']> {
    const asm = new Assembler()
    const labels = values.map(() => new Label())
    const other = new Label()
    for (const [n, value] of values.entries()) {
      asm.branch(OP.JEQ_K, value, labels[n] as Label, n === values.length - 1 ? other : null)
    }
    for (const [n, value] of values.entries()) {
      asm.place(labels[n] as Label)
      for (let i = 0; i < gap; i++) asm.emit(OP.TAX)
      asm.emit(OP.RET_K, value + 1000)
    }
    asm.place(other)
    asm.emit(OP.RET_K, 7)
    return asm.assemble()
  }
  const run = (program: ReturnType<Assembler['assemble']>, a: number): number =>
    runProgram([{ code: OP.LD_IMM, jt: 0, jf: 0, k: a }, ...program], nothing)

  it.each([
    { gap: 0, far: false },
    { gap: 20, far: true },
    { gap: 252, far: true },
    { gap: 253, far: true },
    { gap: 300, far: true },
  ])('reaches labels behind $gap instructions', ({ gap, far }) => {
    const values = Array.from({ length: 40 }, (_, n) => n)
    const program = answers(values, gap)
    for (const value of values) expect(run(program, value)).toBe(value + 1000)
    expect(run(program, 40)).toBe(7)
    expect(program.some(({ code }) => code === OP.JA)).toBe(far)
    expect(program.every(({ jt, jf }) => jt <= 255 && jf <= 255)).toBe(true)
  })

  it('takes a jump that just reaches as it is, and lengthens the next', () => {
    expect(answers([5], 254)).toHaveLength(1 + 255 + 1)
    expect(answers([5], 255)).toHaveLength(2 + 256 + 1)
  })

  it('leaves out a jump to what follows', () => {
    const asm = new Assembler()
    const next = new Label()
    const end = new Label()
    asm.go(end)
    asm.go(next)
    asm.place(next)
    asm.place(end)
    asm.emit(OP.RET_K, 3)
    expect(asm.assemble().at(-1)).toEqual({ code: OP.RET_K, jt: 0, jf: 0, k: 3 })
    expect(runProgram(asm.assemble(), nothing)).toBe(3)
  })

  it.each([
    { name: 'that was never placed', place: 'never', says: /never placed/ },
    { name: 'behind it', place: 'before', says: /jumps back/ },
    { name: 'past the end', place: 'end', says: /past the end/ },
  ])('refuses to jump to a label $name', ({ place, says }) => {
    const asm = new Assembler()
    const label = new Label()
    if (place === 'before') asm.place(label)
    asm.branch(OP.JEQ_K, 1, label, null)
    asm.emit(OP.RET_K, 0)
    if (place === 'end') asm.place(label)
    expect(() => asm.assemble()).toThrow(says)
  })

  it('refuses to place a label twice', () => {
    const asm = new Assembler()
    const label = new Label()
    asm.place(label)
    expect(() => asm.place(label)).toThrow(/twice/)
  })
})
