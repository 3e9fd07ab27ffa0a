import { expect, it } from 'vitest'
import { LatestRecords } from '../../src/export/latest-records.ts'
import type { FlowRecord } from '../../src/export/record.ts'
import { flow } from './made-records.ts'

function latest() {
  const out: FlowRecord[] = []
  return { out, records: new LatestRecords((record) => out.push(record)) }
}

const LONG = { first_seen: '2026-11-24T02:00:00.000000Z', last_seen: '2026-11-24T02:30:00.000000Z' }

it('hands on a short flow at once', () => {
  const { out, records } = latest()
  const short = flow()
  records.take(short)
  expect(out).toEqual([short])
  records.end()
  expect(out).toHaveLength(1)
})

it('hands on a flow that is reported again once, as it was reported last', () => {
  const { out, records } = latest()
  const first = flow({ ...LONG, bytes_client: 1 })
  records.take(first)
  records.take({ ...first, increment: 1, bytes_client: 2, last_seen: '2026-11-24T03:00:00.000000Z' })
  expect(out).toEqual([])
  records.end()
  expect(out.map(({ bytes_client }) => bytes_client)).toEqual([2])
})

it('holds no more than it has room for', () => {
  const { out, records } = latest()
  for (let i = 0; i < 100_010; i++) records.take(flow(LONG))
  expect(out).toHaveLength(10)
  records.end()
  expect(new Set(out.map(({ flow_id }) => flow_id)).size).toBe(100_010)
})
