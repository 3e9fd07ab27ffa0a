/** `intransit serve`: the API over a store, until a signal ends it. */
import type { FiguresSettings } from '../api/metric-figures.ts'
import { type ApiServer, type ServerSettings, startServer } from '../api/server.ts'
import { newToken } from '../api/tokens.ts'
import { OperatorError } from '../core/errors.ts'
import { allOf, throwAll } from '../core/mistakes.ts'
import type { Store } from '../store/index.ts'
import { isConfigured } from './config/asked.ts'
import { fetchLimits, judgeAndAsk } from './fetch-options.ts'
import { existingStore } from './named-store.ts'
import { preparedProbes } from './probe-job.ts'
import { RepeatedJob } from './repeated-job.ts'
import { readRevocationLists, readRoots } from './root-files.ts'
import { type ListenOptions, MAX_JUDGE_MINUTES, MAX_WINDOW_HOURS, type ServeOptions } from './serve-options.ts'
import { exposureOf, secretsOf } from './serve-secrets.ts'
import { withStore } from './store-output.ts'
import { say, writeError, writeOut } from './terminal.ts'
import { wholeNumber } from './whole-number.ts'

/** Ending takes no longer than this: a supervisor would kill us. */
const STOP_MS = 25_000

const MAKE_TOKEN = 'intransit serve token NAME ROLE makes a token for --tokens'

/** Resolves when SIGTERM or SIGINT came and everything is closed. */
export async function serve(given: ServeOptions, version: string, isGiven: (name: string) => boolean): Promise<void> {
  const { options, start } = await planServer(given, isGiven, version)
  const signal = nextSignal()
  await withStore(existingStore(options), async (store) => {
    const server = await start(store, null, null)
    say(`ends: ${await signal}`)
    setTimeout(() => process.exit(1), STOP_MS).unref()
    await server.close()
  })
}

export interface ServerPlan {
  readonly options: ServeOptions
  readonly start: (
    store: Store,
    capture: FiguresSettings['capture'],
    decide: NonNullable<ServerSettings['decide']> | null,
  ) => Promise<ApiServer>
}

/**
 * What is asked for, read and checked before anything is opened. `isGiven` = on the command line, and not chosen for want of
 * anything else. @throws OperatorError with the mistakes of the command line, the environment and the file
 */
export async function planServer(
  given: ServeOptions & ListenOptions,
  isGiven: (name: string) => boolean,
  version: string,
): Promise<ServerPlan> {
  const { options, mistakes } = await optionsOf(given, isGiven)
  const [, exposure, metricsWindowHours, minutes, roots, revocations, limits, probing] = await allOf(
    () => throwAll(mistakes),
    () => exposureOf(options),
    () => wholeNumber('--metrics-window', options.metricsWindow, MAX_WINDOW_HOURS),
    () => wholeNumber('--judge-every', options.judgeEvery, MAX_JUDGE_MINUTES, 0),
    () => readRoots(options.roots),
    () => readRevocationLists(options.crl),
    () => fetchLimits(options),
    () => preparedProbes(options),
  )
  const judging = { roots, revocations }
  const start: ServerPlan['start'] = async (store, capture, decide) => {
    const settings = {
      metricsWindowHours,
      capture,
      decide,
      probes: probing.counts,
      ...exposure,
      version,
      say,
      audit: writeError,
    }
    const server = await startServer(store, settings)
    process.on('SIGHUP', () => void renew(server, options))
    const isOpen = !exposure.tokens && !exposure.oidc && !exposure.clients
    say(`serves ${server.url}${isOpen ? ', to this machine only and without tokens' : ''}`)
    say(
      `has its paths at ${server.url}/api/docs and metrics at ${server.url}/metrics; ${isOpen ? `${MAKE_TOKEN}; ` : ''}Ctrl-C or SIGTERM ends it`,
    )
    const job =
      minutes === 0 ? null : new RepeatedJob(() => judgeAndAsk(store, judging, limits, say), minutes * 60_000, say)
    const probes = probing.start(store, say)
    return { ...server, close: async () => void (await Promise.all([server.close(), job?.stop(), probes?.stop()])) }
  }
  return { options, start }
}

/** The command line's, then the environment's, then the file's. */
async function optionsOf(given: ServeOptions, isGiven: (name: string) => boolean) {
  if (!isConfigured(given.config)) return { options: given, mistakes: [] }
  const { lookAtServe } = await import('./config/with-config.ts')
  return lookAtServe(given, given.config ?? null, isGiven)
}

async function renew(server: ApiServer, options: ListenOptions): Promise<void> {
  try {
    server.renew(await secretsOf(options))
    say('has read the tokens and the certificate again')
  } catch (error) {
    if (!(error instanceof OperatorError)) throw error
    say(`${error.line} The old ones stay.`)
  }
}

/** Those that come later do nothing: npm sends a Ctrl-C once more, and it must not cut short what the first one began. */
const nextSignal = (): Promise<string> =>
  new Promise((resolve) => {
    for (const signal of ['SIGTERM', 'SIGINT'] as const) process.on(signal, resolve)
  })

/** `intransit serve token`: the token is shown this once. */
export async function serveToken(name: string, role: string): Promise<void> {
  const { token, line } = newToken(name, role)
  await writeOut(
    `${token}\n\nThis is the token, and it is shown only now. The line for the file after --tokens is:\n\n${line}\n`,
  )
}
