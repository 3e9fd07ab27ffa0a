/** The flow records of one capture, as `intransit replay FILE --format jsonl` prints them, in the order of their start. */
import { basename } from 'node:path'
import { DEFAULT_POLICY } from '../../src/classify/index.ts'
import { type ReplayResult, replayFiles } from '../../src/cli/replay-files.ts'

export interface Replayed {
  records: Record<string, unknown>[]
  result: ReplayResult
}

export async function replayCapture(path: string): Promise<Replayed> {
  let text = ''
  const result = await replayFiles(
    {
      files: [{ path, name: basename(path), bytes: null }],
      policies: [DEFAULT_POLICY],
      policyDate: null,
      filter: null,
      sensor: 'replay',
      shard: null,
    },
    {
      flows: async (lines) => {
        text += Buffer.from(lines).toString('latin1')
      },
      certificates: async () => undefined,
      progress: () => undefined,
    },
  )
  const records = text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as Record<string, unknown>)
  const order = (record: Record<string, unknown>): string => `${record['first_seen']} ${record['flow_id']}`
  return { records: records.sort((a, b) => (order(a) < order(b) ? -1 : 1)), result }
}

/** What a golden file holds: the records, and the damage that was told. */
export async function goldenOf(path: string): Promise<unknown> {
  const { records, result } = await replayCapture(path)
  const problems = result.problems.map(
    ({ error, damage }) => error?.code ?? { damaged_at: damage?.offset, what: damage?.what },
  )
  return problems.length === 0 ? { records } : { records, problems }
}
