/** Bytes that all flows together may hold back for reassembly. Shared by every stream; counted, never exceeded. */
export class ByteBudget {
  readonly cap: number
  used = 0
  /** How often a request was refused. */
  refused = 0

  constructor(cap: number) {
    this.cap = cap
  }

  take(bytes: number): boolean {
    if (this.used + bytes > this.cap) {
      this.refused += 1
      return false
    }
    this.used += bytes
    return true
  }

  give(bytes: number): void {
    this.used -= bytes
  }
}
