/** The two stores that a daemon which is killed writes into, and a way to ask them that is not the daemon's. */
import { readdirSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { connectEmbedded } from '../../src/store/embedded.ts'
import { CuttableWire } from '../store/cuttable-wire.ts'
import { startServer } from '../store/running-server.ts'

const USER = { username: 'sensor', password: 'secret' }

/** Of a store that is not troubled. */
const MOST_PEACE_MS = 20_000

type Row = Readonly<Record<string, string>>

export interface KilledStore {
  /** Options of the daemon. */
  readonly args: readonly string[]
  /** Where a file lies while rows are on their way. */
  readonly onTheWay: string
  /** Where rows wait for the store. */
  readonly spool: string
  /** Asks the store itself, numbers as text. No daemon may be running. */
  ask(sql: string): Promise<Row[]>
  /** Goes away and comes back at moments that `random` chooses, until the function that it answers is called. */
  trouble(random: () => number): () => Promise<void>
  close(): Promise<void>
}

export const filesIn = (folder: string): string[] => {
  try {
    return readdirSync(folder)
  } catch {
    return []
  }
}

const isBatch = (name: string): boolean => name.endsWith('.jsonl')

/** Dies with its daemon, in the middle of an insert. */
export function embeddedStore(data: string): KilledStore {
  return {
    args: ['--data', data],
    onTheWay: `${data}/incoming`,
    spool: `${data}-spool`,
    async ask(sql) {
      const { client } = await connectEmbedded(data)
      try {
        return await (await client.query({ query: sql, format: 'JSONStringsEachRow' })).json<Row>()
      } finally {
        await client.close()
      }
    },
    trouble: () => async () => undefined,
    close: async () => undefined,
  }
}

/** Goes away while the daemon runs: rows wait in the spool, and inserts are sent again whose answer was lost. */
export async function serverStore(spool: string): Promise<KilledStore> {
  const server = await startServer(USER)
  const wire = new CuttableWire(server.port)
  const port = await wire.open()
  return {
    args: ['--clickhouse', `http://${USER.username}:${USER.password}@127.0.0.1:${port}/killed`, '--spool', spool],
    onTheWay: spool,
    spool,
    async ask(sql) {
      const authorization = `Basic ${Buffer.from(`${USER.username}:${USER.password}`).toString('base64')}`
      const body = `${sql} FORMAT JSONStringsEachRow`
      const answer = await fetch(`http://127.0.0.1:${server.port}/?database=killed`, {
        ...{ method: 'POST', headers: { authorization }, body },
      })
      const text = await answer.text()
      if (!answer.ok) throw new Error(text)
      return text
        .split('\n')
        .filter((line) => line !== '')
        .map((line) => JSON.parse(line) as Row)
    },
    trouble(random) {
      let isOver = false
      const done = (async () => {
        while (!isOver) {
          // Every second time once the store has all there is: on a busy machine nothing would ever get through to it.
          const untilMs = performance.now() + (random() % 2 === 0 ? 0 : MOST_PEACE_MS)
          while (!isOver && performance.now() < untilMs && filesIn(spool).some(isBatch)) await sleep(50)
          await sleep(500 + (random() % 2000))
          if (random() % 2 === 0) await server.order('lose_answer')
          else wire.cut()
          await sleep(random() % 1500)
          wire.isWhole = true
        }
      })()
      return () => {
        isOver = true
        return done
      }
    },
    async close() {
      wire.close()
      await server.stop()
    },
  }
}
