/**
 * Child of store-troubles.test.ts: the rows of a capture on their way to the store of the first argument, by the spool in the
 * second one. A process of its own, because Node reads NODE_EXTRA_CA_CERTS when it starts. On the IPC channel it takes lines
 * of flow records, and answers each time with what became of all rows so far; 'end' ends it.
 */
import { LiveStore } from '../../src/cli/live-store.ts'
import { openStore } from '../../src/store/index.ts'
import { Spool } from '../../src/store/spool.ts'

export interface Became {
  acknowledged: number
  waiting: number
  lost: number
  said: string[]
}

const [clickhouse = '', folder = ''] = process.argv.slice(2)
const said: string[] = []
const store = await openStore({ clickhouse })
await store.migrate()
const spool = new Spool(folder, 64 * 1024 * 1024)
const live = new LiveStore(store, spool, (text) => void said.push(text))

const tell = (): void => {
  const became: Became = { acknowledged: live.storedRows, waiting: spool.rows, lost: spool.droppedRows, said }
  process.send?.(became)
}

let work: Promise<void> = Promise.resolve()
process.on('message', (asked: string[] | 'end') => {
  work = work.then(() => (asked === 'end' ? end() : insert(asked)))
})

async function insert(lines: string[]): Promise<void> {
  for (const line of lines) await live.flows(Buffer.from(`${line}\n`, 'latin1'), 1)
  await live.flush()
  tell()
}

async function end(): Promise<void> {
  await live.close()
  tell()
  await store.close()
  process.disconnect()
}

tell()
