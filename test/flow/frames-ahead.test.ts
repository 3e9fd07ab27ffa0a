/** Many frames are decoded before the first of them is looked at: nothing may depend on how many. */
import { readdirSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { expect, it } from 'vitest'
import { Agent } from '../../src/agent.ts'
import { compilePolicies, loadPolicy } from '../../src/classify/index.ts'
import { LineBuffer } from '../../src/record/line-buffer.ts'
import { openSource } from '../../src/source/index.ts'
import type { FrameBatch } from '../../src/source/source.ts'

const FOLDER = fileURLToPath(new URL('../../captures', import.meta.url))
const CAPTURES = readdirSync(FOLDER).filter((name) => /\.pcap(ng)?(\.gz|\.zst)?$/.test(name))
const judge = compilePolicies([loadPolicy('sec09-recommended')])

/** What an agent says of each capture, given so many frames at a time. */
async function said(frames: number): Promise<Record<string, object>> {
  const lines = new LineBuffer(1 << 12)
  const agent = new Agent({
    judge,
    sink: { lines, certificate: () => {} },
    sensor: 'test',
    policy: 'sec09-recommended',
  })
  const all: Record<string, object> = {}
  for (const name of CAPTURES) {
    const source = await openSource(`${FOLDER}/${name}`)
    for await (const batch of source.batches()) {
      for (let from = 0; from < batch.count; from += frames) agent.process(part(batch, from, frames), name)
    }
    await source.close()
    agent.finish()
    const { frames: seen, wireBytes, statuses, duplicates, malformed, flowsStarted } = agent.stats
    const text = lines.bytes.toString('latin1', 0, lines.end)
    all[name] = { text, seen, wireBytes, statuses: [...statuses], duplicates, malformed, flowsStarted }
    lines.clear()
  }
  return all
}

function part({ bytes, at, captured, wire, time, link, count, origins }: FrameBatch, from: number, most: number) {
  const to = Math.min(count, from + most)
  return {
    bytes,
    count: to - from,
    at: at.subarray(from, to),
    captured: captured.subarray(from, to),
    wire: wire.subarray(from, to),
    time: time.subarray(from, to),
    link: link.subarray(from, to),
    origins: origins === null ? null : { names: origins.names, of: origins.of.subarray(from, to) },
  }
}

const whole = said(1 << 20)

it.each([1, 3, 65])('captures say the same, whether frames come in batches or %d at a time', async (frames) => {
  expect(CAPTURES.length).toBeGreaterThan(30)
  expect(await said(frames)).toEqual(await whole)
})
