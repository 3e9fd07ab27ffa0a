import { FlowFacts, UPGRADE_STATES } from '../core/facts.ts'
import { CLIENT, type Direction, SERVER } from './dissector.ts'

/** What is known of one flow while its opening is read, over whichever transport. */
export abstract class Session {
  readonly facts = new FlowFacts()
  /** Side that is the client, as far as is known; a dissector's opener corrects a guess. */
  clientSide = 0
  /** True once nothing further can change a fact. */
  done = false
  /** A dissector's first message told who the client is. */
  reoriented = false
  #oriented = false
  /** What `hasNews` saw last; -1 = it was not asked yet. */
  #told = -1

  /** Begins with a flow; whatever was known of an earlier one is forgotten. */
  open(clientSide: number, oriented: boolean): void {
    this.facts.reset()
    this.clientSide = clientSide
    this.#oriented = oriented
    this.done = false
    this.reoriented = false
    this.#told = -1
  }

  /** Do the facts say worse than when this was asked last: another credential, an answer, an upgrade that came further? */
  hasNews(isAnswered: boolean): boolean {
    const { credentialsExposed, upgradeState } = this.facts
    const upgrade = upgradeState === null ? 0 : UPGRADE_STATES.indexOf(upgradeState) + 1
    const now = (credentialsExposed.length * 16 + upgrade) * 2 + (isAnswered ? 1 : 0)
    if (now === this.#told) return false
    this.#told = now
    return true
  }

  /** The flow is over: delivers what still waits, and lets the dissector conclude. */
  abstract finish(): void

  protected direction(side: number): Direction {
    return side === this.clientSide ? CLIENT : SERVER
  }

  /** `sender` = which end a protocol's first message, sent by `side`, comes from by its own account. */
  protected orient(side: number, sender: Direction | null): void {
    if (sender === null) return
    if (!this.#oriented && sender !== this.direction(side)) {
      this.clientSide = sender === CLIENT ? side : 1 - side
      this.reoriented = true
    }
    this.#oriented = true
  }
}
