/** `intransit replay`: capture files in; flow records, the coverage report, or what other tools read out. */
import { availableParallelism } from 'node:os'
import { relative } from 'node:path'
import { loadPolicy } from '../classify/index.ts'
import { ERROR_CODES, OperatorError } from '../core/errors.ts'
import { escapeBeyondAscii } from '../core/json.ts'
import { compileFilter } from '../decode/filter.ts'
import { withCommunityIds } from '../export/community-id.ts'
import { EXPORT_FORMATS, type ExportName } from '../export/index.ts'
import type { HealthCounters } from '../record/health-line.ts'
import { printReport, reportJson } from '../report/index.ts'
import type { Store } from '../store/index.ts'
import type { RevocationLists } from '../trust/revocation.ts'
import type { AlertsFile } from './alert-config.ts'
import type { Alerts } from './alerts.ts'
import { ExportOutput } from './export-output.ts'
import { fileHealthLine } from './file-health.ts'
import { alertFolderOf } from './live-folders.ts'
import { type NamedFile, nameFiles } from './named-files.ts'
import { type Progress, startProgress } from './progress.ts'
import { type ReplayJob, type ReplayOutput, type ReplayResult, replayFiles } from './replay-files.ts'
import { describeProblem, describeResult, describeRoom, exitStatusOf } from './replay-summary.ts'
import { replayInWorkers } from './replay-workers.ts'
import { givenLists } from './root-files.ts'
import { type StoreChoice, StoreOutput, withStore } from './store-output.ts'
import { wantsColour, writeError, writeOut } from './terminal.ts'
import { parseVpcs } from './vpc.ts'

export interface ReplayOptions {
  format: 'table' | 'json' | 'jsonl' | ExportName
  failOn?: string[]
  communityId?: boolean
  policy: string[]
  policyDate?: string
  filter?: string
  sensor: string
  workers: string
  vpc?: string[]
  data?: string
  clickhouse?: string
  store: boolean
  /** A file that says what to alert of, and whom (docs/alerts.md). */
  alerts?: string
  /** Revocation lists, files or folders of them: what they have as revoked is alerted of. */
  crl?: string[]
}

/** Where flows are kept when the operator names no place. */
const DEFAULT_DATA = 'intransit-data'
const MAX_WORKERS = 64

/** Returns the exit status: 0, that of the worst problem a file had, or that of --fail-on. */
export async function replay(paths: readonly string[], options: ReplayOptions, version: string): Promise<number> {
  if (options.communityId === true && options.format !== 'jsonl') {
    const fix = 'add --format jsonl; docs/exports.md names the formats that have Community IDs of their own'
    throw new OperatorError('ERR_USAGE', `--community-id adds to JSON lines, and --format is ${options.format}`, fix)
  }
  const files = await nameFiles(paths)
  const job = jobOf(files, options)
  const workers = workerCount(options.workers, files)
  const choice = storeChoice(options)
  const alertsFile = await alertsFileOf(options)
  const lists = givenLists(options)
  const exported = exportOf(options, version)
  const result =
    choice === null
      ? await run(job, workers, { store: null, exported }, { file: alertsFile, lists }, options)
      : await withStore(choice, async (store) => {
          await store.deferMerges()
          const output = new StoreOutput(store)
          const done = await run(job, workers, { store: output, exported }, { file: alertsFile, lists }, options)
          for (const interval of done.health) await output.health(fileHealthLine(job.sensor, interval))
          await output.flush()
          await report(store, options)
          return done
        })
  const failed = (await exported?.end(capturesOf(files, result), framesOf(result)))?.failOn ?? []
  for (const line of describeResult(result)) writeError(line)
  for (const { condition, why } of failed)
    if (why !== null) writeError(`ERR_FAILED_ON: --fail-on '${condition.text}': ${why}.`)
  const isFailed = failed.some(({ why }) => why !== null)
  return exitStatusOf(result.problems) || (isFailed ? ERROR_CODES.ERR_FAILED_ON.exit : 0)
}

const isExport = (format: string): format is ExportName => Object.hasOwn(EXPORT_FORMATS, format)

/** Null where nobody asks for it: then no record is read again. */
function exportOf({ format, failOn = [], policy, policyDate }: ReplayOptions, version: string) {
  const name = isExport(format) ? format : null
  if (name === null && failOn.length === 0) return null
  return new ExportOutput({ format: name, failOn, policy, policyDate: policyDate ?? null, version }, writeOut)
}

const capturesOf = (files: readonly NamedFile[], { problems }: ReplayResult) =>
  files.map(({ name, path }) => {
    const problem = problems.find((one) => one.name === name)
    return { source: name, path: fromHere(path), problem: problem === undefined ? null : describeProblem(problem) }
  })

/** Most replays alert of nothing, and load nothing for it. @throws OperatorError ERR_USAGE */
async function alertsFileOf({ alerts, policy }: ReplayOptions): Promise<AlertsFile | null> {
  if (alerts === undefined) return null
  const { readAlertsFile } = await import('./alert-config.ts')
  return readAlertsFile(alerts, policy)
}

/** As a build's checkout has it; what lies outside of it keeps its own path. */
function fromHere(path: string): string {
  const short = relative('', path)
  return short === '' || short.startsWith('..') ? path : short
}

function framesOf({ health }: ReplayResult): { received: number; dropped: number } {
  const sum = (of: (counters: HealthCounters) => number): number =>
    health.reduce((total, { counters }) => total + of(counters), 0)
  return {
    received: sum(({ frames_received }) => frames_received),
    dropped: sum(({ kernel_drops, interface_drops }) => kernel_drops + interface_drops),
  }
}

function jobOf(files: NamedFile[], options: ReplayOptions): ReplayJob {
  // Mistakes in the packs and the filter are told before any file is read.
  for (const name of options.policy) loadPolicy(name)
  if (options.filter !== undefined) compileFilter(options.filter)
  return {
    files,
    policies: options.policy,
    policyDate: options.policyDate ?? null,
    filter: options.filter ?? null,
    sensor: options.sensor,
    shard: null,
    spaces: parseVpcs(options.vpc ?? []),
    marks: options.alerts !== undefined,
  }
}

function workerCount(asked: string, files: readonly NamedFile[]): number {
  const count = asked === 'auto' ? availableParallelism() : Number(asked)
  if (!Number.isInteger(count) || count < 1 || count > MAX_WORKERS) {
    throw new OperatorError(
      'ERR_USAGE',
      `--workers ${asked} is not a number of threads`,
      `use 1 to ${MAX_WORKERS} or auto`,
    )
  }
  // Every worker reads every file, and a stream can be read once only.
  if (count > 1 && files.some(({ bytes }) => bytes === null)) {
    if (asked === 'auto') return 1
    throw new OperatorError('ERR_USAGE', 'standard input cannot be shared by several workers', 'leave out --workers')
  }
  return count
}

/** Records for a pipe are kept nowhere unless a place is named; a report is kept unless --no-store is given. */
function storeChoice({ format, data, clickhouse, store }: ReplayOptions): StoreChoice | null {
  if (data !== undefined) return { data }
  if (clickhouse !== undefined) return { clickhouse }
  if (format === 'jsonl' || isExport(format)) return null
  return store ? { data: DEFAULT_DATA } : { temporary: true }
}

interface Outputs {
  store: StoreOutput | null
  exported: ExportOutput | null
}

async function run(
  job: ReplayJob,
  workers: number,
  to: Outputs,
  { file, lists }: { file: AlertsFile | null; lists: RevocationLists },
  options: ReplayOptions,
): Promise<ReplayResult> {
  const alerts = file === null ? null : await startAlerts(file, lists, to, options)
  const sizes = job.files.map(({ bytes }) => bytes)
  const progress = await startProgress(
    sizes.includes(null) ? null : sizes.reduce<number>((sum, size) => sum + (size ?? 0), 0),
  )
  const output = outputOf(to, alerts, linesOf(options), progress)
  try {
    await alerts?.learn()
    const done = workers === 1 ? await replayFiles(job, output) : await replayInWorkers(job, workers, output)
    for (const interval of done.health) alerts?.health(fileHealthLine(job.sensor, interval))
    return done
  } finally {
    progress.stop()
    await alerts?.close()
    for (const line of alerts === null ? [] : describeRoom(alerts.engine.counters)) writeError(line)
  }
}

async function startAlerts(
  file: AlertsFile,
  lists: RevocationLists,
  { store }: Outputs,
  options: ReplayOptions,
): Promise<Alerts> {
  const { Alerts } = await import('./alerts.ts')
  return new Alerts(file, alertFolderOf(options), store, writeError, lists)
}

type Print = (lines: Uint8Array) => Uint8Array | string

/** What is printed of records as they come; null where they are not. */
function linesOf({ format, communityId = false }: ReplayOptions): Print | null {
  if (format !== 'jsonl') return null
  return communityId ? withCommunityIds : (lines) => lines
}

const outputOf = (
  { store, exported }: Outputs,
  alerts: Alerts | null,
  print: Print | null,
  progress: Progress,
): ReplayOutput => ({
  flows: async (lines, rows, marks) => {
    if (marks !== null) alerts?.flows(lines, marks)
    // Stored first: a record that was shown is a record that is kept.
    await store?.flows(lines, rows)
    if (print !== null) await writeOut(print(lines))
    await exported?.flows(lines)
  },
  certificates: async (lines, rows) => {
    alerts?.certificates(lines)
    await store?.certificates(lines, rows)
    exported?.certificates(lines)
  },
  progress: (bytesRead, frames, flows) => progress.update(bytesRead, frames, flows),
})

async function report(store: Store, { format, policy }: ReplayOptions): Promise<void> {
  const packs = policy.map(loadPolicy)
  if (format === 'json')
    await writeOut(`${escapeBeyondAscii(JSON.stringify(await reportJson(store, packs), null, 2))}\n`)
  if (format === 'table') await writeOut(await printReport(store, { colour: wantsColour(process.stdout), packs }))
}
