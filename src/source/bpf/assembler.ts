/** Puts a program together from instructions and labels. */
import { type Instruction, OP } from './instruction.ts'

/** A place in a program, to jump to before it is known where it is. */
export class Label {
  /** Index of the operation that it stands before, -1 while it is not placed. */
  at = -1
}

/** Where to go when a condition holds, or when not; null is the next operation. */
type Target = Label | null

interface Operation {
  readonly code: number
  readonly k: number
  readonly yes: Target
  readonly no: Target
}

/** jt and jf have 8 bits; `ja` has 32. */
const MAX_SHORT_JUMP = 255

export class Assembler {
  readonly #operations: Operation[] = []

  emit(code: number, k = 0): void {
    this.#operations.push({ code, k: k >>> 0, yes: null, no: null })
  }

  /** A conditional jump. */
  branch(code: number, k: number, yes: Target, no: Target): void {
    this.#operations.push({ code, k: k >>> 0, yes, no })
  }

  go(to: Label): void {
    this.#operations.push({ code: OP.JA, k: 0, yes: to, no: null })
  }

  place(label: Label): void {
    if (label.at >= 0) throw new Error('a label is placed twice')
    label.at = this.#operations.length
  }

  /** The program, however long: who attaches it minds the kernel's limit. */
  assemble(): Instruction[] {
    this.#checkLabels()
    const layout = new Layout(this.#operations)
    return this.#operations.flatMap((operation, n) => layout.instructions(operation, n))
  }

  #checkLabels(): void {
    for (const [n, { yes, no }] of this.#operations.entries()) {
      for (const label of [yes, no]) {
        if (label === null) continue
        if (label.at < 0) throw new Error(`operation ${n} jumps to a label that was never placed`)
        if (label.at <= n) throw new Error(`operation ${n} jumps back: classic BPF has no loops`)
        if (label.at >= this.#operations.length) throw new Error(`operation ${n} jumps past the end`)
      }
    }
  }
}

/**
 * Where each operation begins. A conditional jump that is too far for its 8 bits jumps to a `ja` right behind it; that
 * makes the program longer and may put other targets too far, so it is repeated until nothing changes.
 */
class Layout {
  readonly #starts: Int32Array
  readonly #longYes: boolean[]
  readonly #longNo: boolean[]

  constructor(operations: readonly Operation[]) {
    this.#starts = new Int32Array(operations.length + 1)
    this.#longYes = operations.map(() => false)
    this.#longNo = operations.map(() => false)
    do this.#measure(operations)
    while (this.#lengthen(operations))
  }

  instructions({ code, k, yes, no }: Operation, n: number): Instruction[] {
    if (code === OP.JA) return isNoJump(code, yes, n) ? [] : [{ code, jt: 0, jf: 0, k: this.#distance(yes, n, 1) }]
    if (yes === null && no === null) return [{ code, jt: 0, jf: 0, k }]
    const longYes = this.#longYes[n] === true
    const longNo = this.#longNo[n] === true
    const jumps: Instruction[] = []
    const jt = longYes ? 0 : this.#distance(yes, n, 1)
    if (longYes) jumps.push({ code: OP.JA, jt: 0, jf: 0, k: this.#distance(yes, n, 2) })
    const jf = longNo ? jumps.length : this.#distance(no, n, 1)
    if (longNo) jumps.push({ code: OP.JA, jt: 0, jf: 0, k: this.#distance(no, n, 2 + jf) })
    return [{ code, jt, jf, k }, ...jumps]
  }

  #measure(operations: readonly Operation[]): void {
    let at = 0
    for (const [n, { code, yes }] of operations.entries()) {
      this.#starts[n] = at
      if (isNoJump(code, yes, n)) continue
      at += 1 + (this.#longYes[n] ? 1 : 0) + (this.#longNo[n] ? 1 : 0)
    }
    this.#starts[operations.length] = at
  }

  /** Marks the jumps that do not reach; false when all do. */
  #lengthen(operations: readonly Operation[]): boolean {
    let changed = false
    for (const [n, { code, yes, no }] of operations.entries()) {
      if (code === OP.JA) continue
      if (!this.#longYes[n] && this.#distance(yes, n, 1) > MAX_SHORT_JUMP) changed = this.#longYes[n] = true
      if (!this.#longNo[n] && this.#distance(no, n, 1) > MAX_SHORT_JUMP) changed = this.#longNo[n] = true
    }
    return changed
  }

  /** Instructions to skip from the one `past` instructions behind the operation's first. */
  #distance(target: Target, n: number, past: number): number {
    const to = this.#starts[target === null ? n + 1 : target.at] as number
    return Math.max(to - (this.#starts[n] as number) - past, 0)
  }
}

/** A jump to what follows. */
const isNoJump = (code: number, to: Target, n: number): boolean => code === OP.JA && to?.at === n + 1
