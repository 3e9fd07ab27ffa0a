/** Child of embedded.test.ts: inserts batches until it is killed and says which ones were acknowledged. */
import { writeSync } from 'node:fs'
import { openStore } from '../../src/store/index.ts'
import { flowLine } from './lines.ts'

const ROWS = 100
const store = await openStore({ data: process.argv[2] as string })
await store.migrate()
for (let batch = 0; ; batch++) {
  const lines = Array.from({ length: ROWS }, (_, row) => flowLine({ name: `${batch}/${row}`, verdict: 'strong' }))
  await store.insertFlows(lines.join(''), ROWS, `batch-${batch}`)
  writeSync(1, `${batch}\n`)
}
