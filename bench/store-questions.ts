/** What each KPI and each panel of the dashboards costs of a day, 30 days and a year, for bench/store.ts. */
import { DASHBOARDS } from '../grafana/make/dashboards/index.ts'
import type { SqlTarget } from '../grafana/make/query.ts'
import { KPIS } from '../src/kpi/index.ts'
import { readKpi, readKpis } from '../src/kpi/read-kpi.ts'
import { connectEmbedded } from '../src/store/embedded.ts'
import { openStore } from '../src/store/index.ts'
import { expand } from '../test/grafana/expand.ts'
import { BEGIN_MS, YEAR_MS } from './store-flows.ts'

const DAY_MS = 86_400_000
const P95_BAR_MS = 150
const YEAR_BAR = 1.3
const ROUNDS = 7
const PANEL_ROUNDS = 3
const CUT = { zones: [], services: [], sensors: [], protocols: [], packs: [] }
const END_MS = BEGIN_MS + YEAR_MS
const SPANS = [1, 30, 365].map((days) => ({ days, fromMs: END_MS - days * DAY_MS, toMs: END_MS - 1 }))

type Say = (text: string) => void
type Span = (typeof SPANS)[number]

interface Question {
  readonly name: string
  ask(span: Span): Promise<unknown>
}

export async function askKpis(folder: string, say: Say): Promise<void> {
  const store = await openStore({ data: folder })
  const select = <T>(query: string, params: Record<string, unknown>): Promise<T[]> => store.select<T>(query, params)
  const questions = KPIS.map((kpi) => ({
    name: kpi.name,
    ask: ({ fromMs, toMs }: Span) =>
      readKpi(select, kpi, { ...CUT, from: new Date(fromMs).toISOString(), to: new Date(toMs).toISOString() }),
  }))
  await time(`KPIs: ms, median / worst of ${ROUNDS} (CPU)`, questions, ROUNDS, say)
  await store.close()
}

export async function askPanels(folder: string, say: Say): Promise<void> {
  const { client } = await connectEmbedded(folder)
  const panels = DASHBOARDS.flatMap(({ uid, panels: all }) =>
    all.flatMap(({ title, targets }) =>
      targets
        .filter((target): target is SqlTarget => target.kind === 'sql')
        .map(({ sql }) => ({
          // Those that read both read flows where an address is typed, or of a graph of two days at the most.
          name: `${/\bflows FINAL\b/.test(sql) && !/\bkpi_rows\(|\brollups\b/.test(sql) ? 'flows' : 'rollups'}: ${uid.slice(10)}, ${title}`,
          sql,
        })),
    ),
  )
  const questions = panels.map(({ name, sql }) => ({
    name,
    async ask({ fromMs, toMs }: Span) {
      const view = { from: fromMs / 1000, to: Math.floor(toMs / 1000), variables: {} }
      const query = expand(sql, { ...view, intervalSeconds: Math.ceil((view.to - view.from) / 300) })
      await (await client.query({ query, format: 'JSONEachRow' })).text()
    },
  }))
  const isOfFlows = ({ name }: Question): boolean => name.startsWith('flows')
  const rolled = questions.filter((one) => !isOfFlows(one))
  await time(`panels of rollups and other tables, of ${PANEL_ROUNDS}`, rolled, PANEL_ROUNDS, say)
  await time(`panels of flows themselves, of ${PANEL_ROUNDS}`, questions.filter(isOfFlows), PANEL_ROUNDS, say)
  await client.close()
}

/** @throws Error where a KPI that is asked with others has another answer than alone. */
export async function compareJoined(folder: string, say: Say): Promise<void> {
  const store = await openStore({ data: folder })
  const select = <T>(query: string, params: Record<string, unknown>): Promise<T[]> => store.select<T>(query, params)
  let compared = 0
  for (const { fromMs, toMs } of SPANS) {
    const question = { ...CUT, from: new Date(fromMs).toISOString(), to: new Date(toMs).toISOString() }
    for (const [kpi, together] of await readKpis(select, KPIS, question)) {
      const alone = await readKpi(select, kpi, question)
      if (JSON.stringify(together) !== JSON.stringify(alone))
        throw new Error(`${kpi.name}: ${JSON.stringify(together)} with others, ${JSON.stringify(alone)} alone`)
      compared++
    }
  }
  say(`${compared} answers are the same with others and alone`)
  await store.close()
}

/** Of one question and span, in order. */
interface Times {
  wall: number[]
  /** Of the process, all threads: what other work on the machine changes less. */
  cpu: number[]
}

async function time(title: string, questions: readonly Question[], rounds: number, say: Say): Promise<void> {
  const line = (name: string, cells: readonly string[], ratio: string): void => {
    say(`${name.slice(0, 48).padEnd(50)}${cells.map((cell) => cell.padStart(15)).join('')}  ${ratio.padStart(8)}`)
  }
  say('')
  line(
    title,
    SPANS.map(({ days }) => `${days} d`),
    'CPU year/day',
  )
  const all: Times[] = SPANS.map(() => ({ wall: [], cpu: [] }))
  const ratios: number[] = []
  for (const { name, ask } of questions) {
    const asked: Times[] = []
    for (const [place, span] of SPANS.entries()) {
      const times = await timesOf(() => ask(span), rounds)
      asked.push(times)
      all[place]?.wall.push(...times.wall)
      all[place]?.cpu.push(...times.cpu)
    }
    ratios.push(at(asked[2]?.cpu, 0.5) / at(asked[0]?.cpu, 0.5))
    line(name, asked.map(cellOf), ratios.at(-1)?.toFixed(2) ?? '')
  }
  const p95 = (of: 'wall' | 'cpu'): string[] => all.map((times) => at(times[of].sort(byNumber), 0.95).toFixed(0))
  line(`p95 (bar ${P95_BAR_MS})`, p95('wall'), '')
  line('p95 of CPU time', p95('cpu'), '')
  const above = ratios.filter((ratio) => ratio > YEAR_BAR).length
  say(`above ${YEAR_BAR} year/day: ${above} of ${questions.length}, worst ${Math.max(...ratios).toFixed(2)}`)
}

async function timesOf(ask: () => Promise<unknown>, rounds: number): Promise<Times> {
  const times: Times = { wall: [], cpu: [] }
  for (let round = 0; round <= rounds; round++) {
    const [beganMs, before] = [performance.now(), process.cpuUsage()]
    await ask()
    const [wall, { user, system }] = [performance.now() - beganMs, process.cpuUsage(before)]
    // The first one reads what the system has not in memory.
    if (round > 0) times.wall.push(wall)
    if (round > 0) times.cpu.push((user + system) / 1000)
  }
  times.wall.sort(byNumber)
  times.cpu.sort(byNumber)
  return times
}

const byNumber = (a: number, b: number): number => a - b
/** Of sorted numbers the one that so great a share of them does not exceed. */
const at = (sorted: readonly number[] = [], share: number): number =>
  sorted[Math.floor(sorted.length * share)] ?? Number.NaN
const cellOf = ({ wall, cpu }: Times): string =>
  `${at(wall, 0.5).toFixed(0)} / ${wall.at(-1)?.toFixed(0)} (${at(cpu, 0.5).toFixed(0)})`
