/** Batches use their memory again: rows that come while others are on their way must not come into their place. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { StoreOutput, withStore } from '../../src/cli/store-output.ts'
import { CAPTURES } from './run.ts'

const [RECORD] = JSON.parse(readFileSync(join(CAPTURES, 'tls13-mlkem768-two-segments.pcap.json'), 'utf8')).records

const ALL_TIME = { from: '2020-01-01 00:00:00', to: '2100-01-01 00:00:00' }

/** Lines of `count` distinct flows from number `first` on. */
function lines(first: number, count: number): Buffer {
  const idOf = (n: number): string => (first + n).toString(16).padStart(32, '0')
  const rows = Array.from({ length: count }, (_, n) => JSON.stringify({ ...RECORD, flow_id: idOf(n) }))
  return Buffer.from(`${rows.join('\n')}\n`, 'latin1')
}

it('rows that are added while a batch is stored are stored as well, and none is another', async () => {
  const [chunks, rows] = [160, 600]
  await withStore({ temporary: true }, async (store) => {
    const output = new StoreOutput(store)
    let bytes = 0
    const waiting: Promise<void>[] = []
    for (let chunk = 0; chunk < chunks; chunk++) {
      const borrowed = lines(chunk * rows, rows)
      bytes += borrowed.length
      waiting.push(output.flows(borrowed, rows))
      // What was handed in is the caller's again.
      borrowed.fill(0)
      // Some of the batches are on their way while the next are filled.
      if (chunk % 60 === 59) await new Promise(setImmediate)
    }
    await Promise.all(waiting)
    await output.flush()
    // Two batches and a part of one.
    expect(bytes).toBeGreaterThan(2 * 16 * 1024 * 1024)
    const counted = await store.select<{ verdict: string; flows: string }>('verdicts', ALL_TIME)
    expect(
      counted.filter(({ flows }) => Number(flows) > 0).map(({ verdict, flows }) => [verdict, Number(flows)]),
    ).toEqual([[RECORD.verdict, chunks * rows]])
  })
})
