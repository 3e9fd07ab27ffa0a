import { describe, expect, it } from 'vitest'
import { FlowFacts, type UpgradeState } from '../../src/core/facts.ts'
import { CLIENT_IS_HIGH } from '../../src/flow/flow-flags.ts'
import { FlowTable } from '../../src/flow/flow-table.ts'
import { UpgradeMemory } from '../../src/flow/upgrade-memory.ts'
import { find, packet } from './packets.ts'

const SERVER = 20
/** Above every server. */
const CLIENT = 1 << 30

/** The state of a flow after the memory has seen it; `at` is when it began. */
function compare(
  memory: UpgradeMemory,
  state: UpgradeState,
  { at = 0, server = SERVER, port = 25, protocol = 'smtp', table = new FlowTable(2, 1) } = {},
) {
  const m = packet(CLIENT, server, 5000, port)
  m.time = at
  find(table, m)
  const index = table.create(m)
  table.setFlags(index, CLIENT_IS_HIGH)
  const facts = new FlowFacts()
  facts.appProtocol = protocol
  facts.upgradeState = state
  memory.compare(table, index, facts)
  table.remove(index)
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

it('forgets the server that is known the longest beyond its cap, and all of them with the capture', () => {
  const memory = new UpgradeMemory()
  const most = 1 << 16
  const table = new FlowTable(2, 1)
  for (let server = 0; server <= most; server++) compare(memory, 'advertised', { server: 1000 + server, table })
  const asked = [0, 1, most / 2, most].map((server) => compare(memory, 'not_offered', { at: 1, server: 1000 + server }))
  expect(asked).toEqual(['not_offered', 'stripped', 'stripped', 'stripped'])
  memory.clear()
  expect(compare(memory, 'not_offered', { at: 1, server: 1001 })).toBe('not_offered')
  compare(memory, 'advertised', { server: 1001 })
  expect(compare(memory, 'not_offered', { at: 1, server: 1001 })).toBe('stripped')
})
