/** Turns residues into instructions. */
import { type Assembler, Label } from './assembler.ts'
import { OP } from './instruction.ts'
import type { FieldTest, Residue } from './residue.ts'

/** Tests the residue and goes to one of two labels, both of which are placed later. */
export function emitResidue(asm: Assembler, residue: Residue, yes: Label, no: Label): void {
  if (typeof residue === 'boolean') {
    asm.go(residue ? yes : no)
    return
  }
  if (residue.kind === 'field') {
    emitTest(asm, residue, residue.holds ? yes : no, residue.holds ? no : yes)
    return
  }
  const last = residue.of.length - 1
  for (const [n, part] of residue.of.entries()) {
    if (n === last) {
      emitResidue(asm, part, yes, no)
      return
    }
    const next = new Label()
    if (residue.kind === 'and') emitResidue(asm, part, next, no)
    else emitResidue(asm, part, yes, next)
    asm.place(next)
  }
}

const WHOLE_WORD = 0xffffffff

function emitTest(
  asm: Assembler,
  { opcode, operand, mask, low, high }: FieldTest,
  inside: Label,
  outside: Label,
): void {
  asm.emit(opcode, operand)
  if (mask !== WHOLE_WORD) asm.emit(OP.AND_K, mask)
  if (low === high) {
    asm.branch(OP.JEQ_K, low, inside, outside)
    return
  }
  if (low > 0) asm.branch(OP.JGE_K, low, null, outside)
  asm.branch(OP.JGT_K, high, outside, inside)
}
