/** One waits, others wake it. What was raised while nobody waited ends the next wait at once. */
export class Wake {
  #raised = false
  #settle: ((raised: boolean) => void) | null = null

  raise(): void {
    if (this.#settle === null) this.#raised = true
    else this.#settle(true)
  }

  /** True when raised, false when `ms` passed before. */
  wait(ms: number): Promise<boolean> {
    if (this.#raised) {
      this.#raised = false
      return Promise.resolve(true)
    }
    return new Promise((resolve) => {
      const timer = setTimeout(() => this.#settle?.(false), ms)
      this.#settle = (raised) => {
        clearTimeout(timer)
        this.#settle = null
        resolve(raised)
      }
    })
  }
}
