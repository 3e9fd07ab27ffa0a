/** What probes of this process came to, since it began. */
import { OUTCOMES, type Outcome } from './handshake.ts'
import type { Probed } from './probe.ts'

export class ProbeCounts {
  readonly byOutcome: Record<Outcome, number> = Object.fromEntries(OUTCOMES.map((one) => [one, 0])) as never
  /** Connections made. */
  handshakes = 0

  add({ outcome, handshakes }: Probed): void {
    this.byOutcome[outcome] += 1
    this.handshakes += handshakes
  }
}
