/** `intransit doctor`: what will go wrong with a capture, told before its first packet. */
import { resolve } from 'node:path'
import { OperatorError } from '../core/errors.ts'
import { compileFilter } from '../decode/filter.ts'
import { counted, printable, WIDTH } from '../report/format.ts'
import { SyscallError } from '../source/libc.ts'
import { type RingOptions, ringOf } from './capture-ring.ts'
import { isConfigured } from './config/asked.ts'
import { CHECKS, type Check } from './doctor/checks.ts'
import { type Finding, type FindingVerdict, fail, type Planned, skipped } from './doctor/finding.ts'
import { type Sample, takeSample } from './doctor/sample.ts'
import { DEFAULT_DATA, spoolFolderOf } from './live-folders.ts'
import { accountOf } from './privileges.ts'
import { wantsColour, writeOut } from './terminal.ts'
import { table } from './text-table.ts'
import { wholeNumber } from './whole-number.ts'

export interface DoctorOptions extends RingOptions {
  /** A file of settings, as the capture would have it. */
  config?: string
  source?: string[]
  filter?: string
  apart?: boolean
  data?: string
  clickhouse?: string
  store: boolean
  spool?: string
  user?: string
  /** True = asked for without a number. */
  sample?: string | true
  json?: boolean
}

/** A finding with the check that made it, and what it is about: a source, or null = the host. */
interface Told extends Finding {
  readonly id: string
  readonly source: string | null
}

/** No check takes longer, but for the sample. */
const CHECK_MS = 2000
const LINGER_MS = 1000
const SAMPLE_S = 10
const MAX_SAMPLE_S = 3600

/** Prints what was found. @throws OperatorError ERR_DOCTOR when something will fail, ERR_USAGE, ERR_FILTER */
export async function doctor(given: DoctorOptions, isGiven: (name: string) => boolean): Promise<void> {
  const options = await optionsOf(given, isGiven)
  const planned = plan(options)
  const told = await examine(planned)
  await writeOut(options.json === true ? asJson(told) : asText(told, wantsColour(process.stdout)))
  // What a check that came too late has left behind does not keep the process.
  setTimeout(() => process.exit(), LINGER_MS).unref()
  const failed = told.filter(({ verdict }) => verdict === 'fail').length
  if (failed === 0) return
  throw new OperatorError(
    'ERR_DOCTOR',
    `${counted(failed, 'check')} of ${told.length} failed`,
    'do what is said beside them',
  )
}

/** As the capture would have them. @throws OperatorError ERR_USAGE */
async function optionsOf(given: DoctorOptions, isGiven: (name: string) => boolean): Promise<DoctorOptions> {
  if (!isConfigured(given.config)) return given
  const { withConfig } = await import('./config/with-config.ts')
  return withConfig(given, given.config ?? null, isGiven)
}

function plan(options: DoctorOptions): Planned {
  const { source: sources = [], filter = null, user = null, clickhouse = null, data = DEFAULT_DATA } = options
  if (filter !== null) compileFilter(filter)
  const ring = ringOf(options, sources, 1)
  const sampleMs = sampleMsOf(options.sample)
  const samples = new Map<string, Promise<Sample>>()
  return {
    sources,
    filter,
    ring,
    apart: options.apart === true,
    user,
    account: user === null ? null : accountOf(user),
    data: options.store && clickhouse === null ? resolve(data) : null,
    spool: options.store ? resolve(spoolFolderOf(options)) : null,
    clickhouse: options.store ? clickhouse : null,
    sampleMs,
    sampleOf(source) {
      if (sampleMs === null) return null
      const sample = samples.get(source) ?? takeSample(source, { filter, ...ring }, sampleMs)
      samples.set(source, sample)
      return sample
    },
  }
}

function sampleMsOf(sample: string | true | undefined): number | null {
  if (sample === undefined) return null
  return (sample === true ? SAMPLE_S : wholeNumber('--sample', sample, MAX_SAMPLE_S)) * 1000
}

/** Every check, in the order of the table; the sources' checks source by source. All samples are taken at once. */
async function examine(planned: Planned): Promise<Told[]> {
  const told: Told[] = []
  for (const check of CHECKS.filter(({ of }) => of !== 'sample')) told.push(...(await toldBy(check, planned)))
  const samples = CHECKS.filter(({ of }) => of === 'sample')
  return [...told, ...(await Promise.all(samples.map((check) => toldBy(check, planned)))).flat()]
}

async function toldBy(check: Check, planned: Planned): Promise<Told[]> {
  if (check.of === 'host') return [{ id: check.id, source: null, ...(await bounded(check.run(planned), CHECK_MS)) }]
  const { id, of, run } = check
  if (planned.sources.length === 0) return [{ id, source: null, ...skipped('no --source was named') }]
  const boundMs = CHECK_MS + (of === 'sample' ? (planned.sampleMs ?? 0) : 0)
  return Promise.all(
    planned.sources.map(async (source) => ({ id, source, ...(await bounded(run(source, planned), boundMs)) })),
  )
}

/** What a check says, and what it means when it throws or does not come back. */
async function bounded(work: Promise<Finding>, ms: number): Promise<Finding> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<Finding>((done) => {
    timer = setTimeout(() => done(fail(`no answer within ${ms / 1000} s`, 'see whether this host hangs there')), ms)
  })
  try {
    return await Promise.race([work.catch(thrown), late])
  } finally {
    clearTimeout(timer)
  }
}

function thrown(error: unknown): Finding {
  if (error instanceof SyscallError)
    return skipped(error.code === 'ENODEV' ? 'there is no such interface' : `the kernel does not say: ${error.message}`)
  if (!(error instanceof OperatorError)) throw error
  return error.code === 'ERR_SOURCE_UNSUPPORTED' ? skipped(error.message) : fail(error.message, error.fix)
}

function asJson(told: readonly Told[]): string {
  const findings = told.map(({ id, source, verdict, text, fix }) => ({ id, source, verdict, text, fix }))
  return `${JSON.stringify({ verdict: worstOf(told), findings })}\n`
}

const SEVERITY = ['skipped', 'ok', 'warn', 'fail'] as const satisfies readonly FindingVerdict[]

const worstOf = (told: readonly Told[]): FindingVerdict =>
  told.map(({ verdict }) => verdict).reduce((a, b) => (SEVERITY.indexOf(b) > SEVERITY.indexOf(a) ? b : a), 'ok')

const COLOURS: Record<FindingVerdict, string> = { ok: '32', warn: '33', fail: '31', skipped: '2' }

/** Checks that say the same one after the other are told once. */
function joined(told: readonly Told[]): (Finding & { ids: string[]; source: string | null })[] {
  const lines: (Finding & { ids: string[]; source: string | null })[] = []
  for (const { id, ...finding } of told) {
    const last = lines.at(-1)
    const isSame = (['source', 'verdict', 'text', 'fix'] as const).every((member) => last?.[member] === finding[member])
    if (isSame) last?.ids.push(id)
    else lines.push({ ids: [id], ...finding })
  }
  return lines
}

function asText(told: readonly Told[], colour: boolean): string {
  const rows = joined(told).flatMap((one) => {
    const { ids, source, verdict, text, fix } = printable(one)
    const about = source === null ? ids.join(', ') : `${ids.join(', ')} ${source}`
    return [[verdict, `${about}: ${text}`], ...(fix === null ? [] : [['', `Fix: ${fix}`]])]
  })
  const text = table(rows, WIDTH)
  if (!colour) return text
  return text.replace(
    /^(ok|warn|fail|skipped)/gm,
    (word) => `\u001b[${COLOURS[word as FindingVerdict]}m${word}\u001b[0m`,
  )
}
