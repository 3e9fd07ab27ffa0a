/** A kernel filter under construction: what its steps share. */
import type { FilterExpression } from '../../core/filter-expression.ts'
import { Assembler, Label } from './assembler.ts'
import { emitResidue } from './emit-residue.ts'
import { OP } from './instruction.ts'
import { isIpv4Range, type Primitive, type Residue, residueOf, type Shape } from './residue.ts'

/** The most a frame can have: the kernel cuts this to its length. It is what tcpdump keeps by default. */
const WHOLE_FRAME = 0x40000
const DROP = 0

interface Pending {
  readonly residue: Residue
  readonly yes: Label
  readonly start: Label
}

export class Build {
  readonly asm = new Assembler()
  readonly expression: FilterExpression | null
  readonly usesPorts: boolean
  readonly usesVlan: boolean
  readonly usesVni: boolean
  /** There are IPv4 addresses to look for. */
  readonly usesMapped: boolean
  /** The frame is passed whole. */
  readonly pass = new Label()
  readonly drop = new Label()
  /** Where frames go that carry no IP: an expression never sees them, and without one they are wanted. */
  readonly notIp: Label
  readonly #pending = new Map<string, Pending>()
  readonly #labels: Label[] = []

  /** An expression of null matches everything. */
  constructor(expression: FilterExpression | null) {
    this.expression = expression
    const primitives = expression === null ? [] : primitivesOf(expression)
    this.usesPorts = primitives.some((one) => one.kind === 'port')
    this.usesVlan = primitives.some((one) => one.kind === 'vlan')
    this.usesVni = primitives.some((one) => one.kind === 'vni')
    this.usesMapped = primitives.some((one) => one.kind === 'address' && isIpv4Range(one.range))
    this.notIp = expression === null ? this.pass : this.drop
  }

  /**
   * Where to go with a frame of this shape, X on its IP header; `yes` is where it goes from there when it may match.
   * Shapes of which the same is left to test share the code.
   */
  verdict(shape: Shape, yes: Label): Label {
    const residue = this.expression === null || residueOf(this.expression, shape)
    if (typeof residue === 'boolean') return residue ? yes : this.drop
    const key = `${this.#numberOf(yes)} ${JSON.stringify(residue)}`
    const known = this.#pending.get(key)
    if (known !== undefined) return known.start
    const start = new Label()
    this.#pending.set(key, { residue, yes, start })
    return start
  }

  /** Every test that a verdict asked for; nothing after it may ask for one. */
  emitVerdicts(): void {
    for (const { residue, yes, start } of this.#pending.values()) {
      this.asm.place(start)
      emitResidue(this.asm, residue, yes, this.drop)
    }
  }

  emitEnds(): void {
    this.asm.place(this.pass)
    this.asm.emit(OP.RET_K, WHOLE_FRAME)
    this.asm.place(this.drop)
    this.asm.emit(OP.RET_K, DROP)
  }

  #numberOf(label: Label): number {
    if (!this.#labels.includes(label)) this.#labels.push(label)
    return this.#labels.indexOf(label)
  }
}

function primitivesOf(node: FilterExpression): Primitive[] {
  switch (node.kind) {
    case 'not':
      return primitivesOf(node.of)
    case 'and':
    case 'or':
      return node.of.flatMap(primitivesOf)
    default:
      return [node]
  }
}
