import { basename, join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { DEFAULT_POLICY } from '../../src/classify/index.ts'
import { type FileInterval, fileHealthLine, mergeIntervals } from '../../src/cli/file-health.ts'
import { nameFiles } from '../../src/cli/named-files.ts'
import { replayFiles } from '../../src/cli/replay-files.ts'
import { CAPTURES } from './run.ts'

async function intervalsOf(paths: string[], shard: { part: number; of: number } | null = null) {
  let rows = 0
  const result = await replayFiles(
    {
      ...{ files: await nameFiles(paths), policies: [DEFAULT_POLICY], policyDate: null, filter: null },
      ...{ sensor: 'test', shard },
    },
    {
      flows: async (_, count) => {
        rows += count
      },
      certificates: async () => undefined,
      progress: () => undefined,
    },
  )
  return { ...result, rows }
}

const sum = (health: FileInterval[], counter: keyof FileInterval['counters']): number =>
  health.reduce((total, { counters }) => total + counters[counter], 0)

describe('the health of replayed files', () => {
  it('is one interval a file, from its first frame to its last, of what that file counted', async () => {
    const { health, stats, rows } = await intervalsOf([CAPTURES])
    expect(health.length).toBeGreaterThan(100)
    expect(new Set(health.map(({ source }) => source)).size).toBe(health.length)
    for (const { startUs, endUs, counters } of health) {
      expect(startUs).toBeLessThanOrEqual(endUs)
      expect(counters.frames_received).toBeGreaterThan(0)
      expect(counters.wire_bytes).toBeGreaterThan(counters.frames_received)
      expect(counters.flows_ended).toBe(counters.flows_started)
    }
    expect(sum(health, 'frames_received')).toBe(stats.frames)
    expect(sum(health, 'wire_bytes')).toBe(stats.wireBytes)
    expect(sum(health, 'records')).toBe(rows)
  })

  it('knows which were damaged', async () => {
    const { health, problems } = await intervalsOf([CAPTURES])
    const gone = health.filter(({ state }) => state === 'gone').map(({ source }) => source)
    expect(gone).toEqual(problems.map(({ name }) => name))
    expect(gone.map((name) => basename(name))).toEqual(['tls12-file-cut-off.pcap'])
    expect(health.every(({ state }) => state === 'gone' || state === 'ended')).toBe(true)
  })

  it('is the same from several workers, of which each reads every frame', async () => {
    const whole = await intervalsOf([CAPTURES])
    const shares = await Promise.all([0, 1, 2].map((part) => intervalsOf([CAPTURES], { part, of: 3 })))
    expect(mergeIntervals(shares.map(({ health }) => health))).toEqual(whole.health)
  })

  it('is a line of worker 0', async () => {
    const { health } = await intervalsOf([join(CAPTURES, 'tls12-file-cut-off.pcap')])
    const [line] = health.map((interval) => JSON.parse(fileHealthLine('edge', interval)))
    // 12 frames before the cut, as tshark reads them.
    expect(line).toMatchObject({ sensor: 'edge', worker: 0, state: 'gone', frames_received: 12, kernel_drops: 0 })
  })
})
