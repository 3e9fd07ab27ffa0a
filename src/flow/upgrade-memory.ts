import type { FlowFacts, UpgradeState } from '../core/facts.ts'
import { portOf } from './expected-flows.ts'
import type { Side } from './flow-flags.ts'
import { type FlowTable, KEY_WORDS } from './flow-table.ts'

/** Servers that are remembered; past it the one known the longest is forgotten. */
const MAX_SERVERS = 1 << 16

/** States that show that the server offers the upgrade. */
const OFFERED: ReadonlySet<UpgradeState> = new Set(['advertised', 'skipped', 'accepted'])

/**
 * Which servers have offered an upgrade to TLS. One that offers none in a later conversation has either changed, or
 * somebody on the path takes the offer away; both are to be told.
 */
export class UpgradeMemory {
  /** By network, address, port and protocol: start of the earliest flow that showed an offer, µs. */
  readonly #offeredAt = new Map<string, number>()

  /** Another capture begins: a server of the same address need not be the same. */
  clear(): void {
    this.#offeredAt.clear()
  }

  /** Remembers what the flow showed of its server, or, if that has offered before what is missing now, says so. */
  compare(table: FlowTable, index: number, facts: FlowFacts): void {
    const { upgradeState } = facts
    const offers = upgradeState !== null && OFFERED.has(upgradeState)
    if (!offers && upgradeState !== 'not_offered') return
    const server = (1 - table.clientSide(index)) as Side
    const key = keyOf(table, index, server, facts.appProtocol)
    const startedAt = table.firstSeenOf(index)
    const offeredAt = this.#offeredAt.get(key)
    if (!offers) {
      if (offeredAt !== undefined && offeredAt < startedAt) facts.upgradeState = 'stripped'
      return
    }
    if (offeredAt !== undefined && offeredAt <= startedAt) return
    if (this.#offeredAt.size >= MAX_SERVERS) this.#offeredAt.delete(this.#offeredAt.keys().next().value as string)
    this.#offeredAt.set(key, startedAt)
  }
}

function keyOf(table: FlowTable, index: number, server: Side, appProtocol: string | null): string {
  const { key } = table
  const at = index * KEY_WORDS + server * 4
  const address = `${key[at]} ${key[at + 1]} ${key[at + 2]} ${key[at + 3]}`
  return `${table.vniOf(index)} ${address} ${portOf(table, index, server)} ${appProtocol}`
}
