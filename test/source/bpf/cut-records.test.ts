/** What is cut is what nobody reads: flow records of this project's captures stay the same. */
import { readdirSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { expect, it } from 'vitest'
import { Agent } from '../../../src/agent.ts'
import { compilePolicies, loadPolicy } from '../../../src/classify/index.ts'
import { LineBuffer } from '../../../src/record/line-buffer.ts'
import { compileKernelFilter, KEPT_APPLICATION_BYTES } from '../../../src/source/bpf/kernel-filter.ts'
import { openSource } from '../../../src/source/index.ts'
import type { FrameBatch } from '../../../src/source/source.ts'
import { runProgram } from './run.ts'

const FOLDER = fileURLToPath(new URL('../../../captures/', import.meta.url))
const names = readdirSync(FOLDER).filter((name) => name.endsWith('.pcap'))
const judge = compilePolicies([loadPolicy('sec09-recommended')])
const program = compileKernelFilter(null, KEPT_APPLICATION_BYTES)

/** Shortens the batch's frames as the kernel would; how many. */
function cutFrames({ bytes: buf, at: starts, captured, wire, link, count }: FrameBatch): number {
  let cuts = 0
  for (let i = 0; i < count; i++) {
    const at = starts[i] as number
    const length = captured[i] as number
    if (link[i] !== 1 || length !== wire[i]) continue
    const kept = runProgram(program, { buf, at, end: at + length, length, vlanTag: -1 })
    captured[i] = Math.min(kept, length)
    if (kept < length) cuts += 1
  }
  return cuts
}

/** Passes over the batch's first frames. */
function skip(batch: FrameBatch, frames: number): void {
  for (const column of [batch.at, batch.captured, batch.wire, batch.time, batch.link]) column.copyWithin(0, frames)
  batch.count = Math.max(batch.count - frames, 0)
}

async function recordsOf(name: string, isCut: boolean, from = 0): Promise<{ records: string; cuts: number }> {
  const lines = new LineBuffer(1 << 20)
  const agent = new Agent({ judge, sink: { lines }, sensor: 'test', policy: 'sec09-recommended' })
  const source = await openSource(FOLDER + name)
  let cuts = 0
  for await (const batch of source.batches()) {
    skip(batch, from)
    if (isCut) cuts += cutFrames(batch)
    agent.process(batch, name)
  }
  agent.finish()
  return { records: lines.bytes.toString('latin1', 0, lines.end).replaceAll(/"flow_id":"[^"]*"/g, ''), cuts }
}

it('records are the same with application data cut', async () => {
  let cuts = 0
  for (const name of names) {
    const cut = await recordsOf(name, true)
    const whole = await recordsOf(name, false)
    expect({ name, records: cut.records }).toEqual({ name, records: whole.records })
    // What MACsec encrypts is no flow.
    if (name !== 'macsec-encrypted.pcap') expect(whole.records).toContain('"verdict"')
    cuts += cut.cuts
  }
  expect(cuts).toBeGreaterThan(200)
}, 180_000)

/** What nobody recognises is unknown, and where it was cut that is one reason more. */
const withoutReason = (records: string): string =>
  records.replaceAll(/"payload_kind":"[^"]*",/g, '').replaceAll(/"reason":"(?:midstream|truncated)"/g, '')

it.each([8, 11, 14])(
  'records are the same of conversations met in their middle, at frame %d',
  async (from) => {
    for (const name of names) {
      const { records } = await recordsOf(name, true, from)
      const whole = await recordsOf(name, false, from)
      expect({ name, records: withoutReason(records) }).toEqual({ name, records: withoutReason(whole.records) })
    }
  },
  180_000,
)
