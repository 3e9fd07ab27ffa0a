import { describe, expect, it } from 'vitest'
import { FlowFacts, type UpgradeState } from '../../src/core/facts.ts'
import { CLIENT_IS_HIGH } from '../../src/flow/flow-flags.ts'
import { FlowTable } from '../../src/flow/flow-table.ts'
import { UpgradeMemory } from '../../src/flow/upgrade-memory.ts'
import { packet } from './packets.ts'

const SERVER = 20

/** The state of a flow after the memory has seen it; `at` is when it began. */
function compare(
  memory: UpgradeMemory,
  state: UpgradeState,
  { at = 0, server = SERVER, port = 25, protocol = 'smtp' } = {},
) {
  const table = new FlowTable(2, 1)
  const m = packet(30, server, 5000, port)
  m.time = at
  table.find(m)
  const index = table.create(m)
  table.setFlags(index, CLIENT_IS_HIGH)
  const facts = new FlowFacts()
  facts.appProtocol = protocol
  facts.upgradeState = state
  memory.compare(table, index, facts)
  return facts.upgradeState
}

describe('an upgrade that is not offered', () => {
  it.each(['advertised', 'skipped', 'accepted'] as const)('is stripped where it was %s before', (state) => {
    const memory = new UpgradeMemory()
    expect(compare(memory, state)).toBe(state)
    expect(compare(memory, 'not_offered', { at: 1 })).toBe('stripped')
  })

  it.each([
    { name: 'another server', flow: { at: 1, server: 21 } },
    { name: 'another port', flow: { at: 1, port: 26 } },
    { name: 'another protocol', flow: { at: 1, protocol: 'lmtp' } },
    { name: 'a conversation that began before the offer', flow: { at: -1 } },
  ])('stays that at $name', ({ flow }) => {
    const memory = new UpgradeMemory()
    compare(memory, 'advertised')
    expect(compare(memory, 'not_offered', flow)).toBe('not_offered')
  })

  it.each(['refused', 'requested', 'not_offered'] as const)('stays that where it was %s only', (state) => {
    const memory = new UpgradeMemory()
    compare(memory, state)
    expect(compare(memory, 'not_offered', { at: 1 })).toBe('not_offered')
  })
})
