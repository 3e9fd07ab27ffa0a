import { readFileSync } from 'node:fs'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { AgentStats, healthCounters } from '../../src/agent-stats.ts'
import { MALFORMED, NOT_IP, TRUNCATED, UNSUPPORTED } from '../../src/decode/packet-meta.ts'
import { countedBetween, type HealthInterval, healthLine, NOTHING_COUNTED } from '../../src/record/health-line.ts'
import type { SourceStats } from '../../src/source/source.ts'

const INTERVAL: HealthInterval = {
  sensor: 'edge',
  source: 'eth1',
  worker: 1,
  startUs: 1_772_359_200_000_001 + 0.75,
  endUs: 1_772_359_210_250_000,
  state: 'up',
}

const sourceStats = (more: Partial<SourceStats>): SourceStats => ({
  bytesRead: 0,
  frames: 0,
  skippedBlocks: {},
  drops: { kernel: 0, freezes: 0, interface: 0, reader: 0 },
  ...more,
})

describe('a snapshot', () => {
  it('has every counter from where it is counted, and does not change afterwards', () => {
    const agent = Object.assign(new AgentStats(), {
      ...{ frames: 99, wireBytes: 6000, flowsStarted: 7, flowsEnded: 6, flowsEvicted: 5, sessionsEvicted: 4 },
      ...{ malformed: 3, records: 2, fragments: { fragments: 9, joined: 1, dropped: 8 } },
    })
    for (const [status, frames] of [
      [NOT_IP, 1000],
      [TRUNCATED, 1],
      [MALFORMED, 20],
      [UNSUPPORTED, 300],
    ] as const)
      agent.statuses[status] = frames
    const source = sourceStats({ frames: 100, drops: { kernel: 11, freezes: 12, interface: 13, reader: 4 } })
    const snapshot = healthCounters(agent, source)
    source.frames += 1
    source.drops.kernel += 1
    agent.fragments.dropped += 1
    expect(snapshot).toEqual({
      ...{ frames_received: 100, wire_bytes: 6000, kernel_drops: 15, ring_freezes: 12, interface_drops: 13 },
      ...{ frames_not_decoded: 321, fragments_dropped: 8, flows_started: 7, flows_ended: 6, flows_evicted: 5 },
      ...{ sessions_evicted: 4, flows_lost: 0, malformed: 3, records: 2, duplicates: 0 },
    })
  })
})

describe('what was counted between two snapshots', () => {
  it('is the difference of each counter, exact to the last whole number that a double holds', () => {
    const before = { ...NOTHING_COUNTED, frames_received: 2 ** 53 - 10, kernel_drops: 5, records: 4 }
    const after = { ...NOTHING_COUNTED, frames_received: 2 ** 53 - 1, kernel_drops: 5, records: 10 }
    expect(countedBetween(before, after)).toEqual({ ...NOTHING_COUNTED, frames_received: 9, records: 6 })
  })

  it('adds up to the whole, wherever the intervals are cut', () => {
    const counter = fc.nat({ max: 1e12 })
    fc.assert(
      fc.property(fc.array(counter, { minLength: 2, maxLength: 20 }), (cuts) => {
        const snapshots = cuts.sort((a, b) => a - b).map((n) => ({ ...NOTHING_COUNTED, wire_bytes: n }))
        const parts = snapshots.slice(1).map((after, i) => countedBetween(snapshots[i] ?? NOTHING_COUNTED, after))
        const [first, last] = [cuts[0] ?? 0, cuts.at(-1) ?? 0]
        expect(parts.reduce((sum, { wire_bytes }) => sum + wire_bytes, 0)).toBe(last - first)
      }),
    )
  })

  it('begins again where a counter did: a source was opened again', () => {
    const before = { ...NOTHING_COUNTED, kernel_drops: 100, records: 100 }
    const after = { ...NOTHING_COUNTED, kernel_drops: 3, records: 101 }
    expect(countedBetween(before, after)).toEqual({ ...NOTHING_COUNTED, kernel_drops: 3, records: 1 })
  })
})

describe('a health line', () => {
  it('has whose and when it is, and the counters of the interval', () => {
    const after = { ...NOTHING_COUNTED, frames_received: 3, wire_bytes: 180 }
    const before = { ...NOTHING_COUNTED, frames_received: 1, wire_bytes: 60 }
    expect(JSON.parse(healthLine(INTERVAL, before, after))).toEqual({
      ...{ sensor: 'edge', source: 'eth1', worker: 1, state: 'up' },
      ...{ window_start: '2026-03-01T10:00:00.000001Z', window_end: '2026-03-01T10:00:10.250000Z' },
      ...NOTHING_COUNTED,
      ...{ frames_received: 2, wire_bytes: 120 },
    })
  })

  it('is ASCII on one line, whatever the source is called', () => {
    const line = healthLine({ ...INTERVAL, source: 'mitschnitt-ü\n\u2028.pcap' }, NOTHING_COUNTED, NOTHING_COUNTED)
    expect(line).toMatch(/^[\x20-\x7e]+$/)
    expect(JSON.parse(line).source).toBe('mitschnitt-ü\n\u2028.pcap')
  })

  it('has a member for every column of its table, and no other', () => {
    const columns = ['0005_sensor_health', '0007_flows_lost'].flatMap((name) => {
      const sql = readFileSync(new URL(`../../src/store/migrations/${name}.sql`, import.meta.url), 'utf8')
      const column = /^ {4}(?:ADD COLUMN IF NOT EXISTS )?([a-z_]+) (?:LowCardinality|U?Int|DateTime|Enum)/gm
      return [...sql.matchAll(column)].map(([, name]) => name)
    })
    const members = Object.keys(JSON.parse(healthLine(INTERVAL, NOTHING_COUNTED, NOTHING_COUNTED)))
    expect(columns.filter((name) => name !== 'stored_at').sort()).toEqual(members.sort())
  })
})
