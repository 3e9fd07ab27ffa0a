/** `intransit serve`: the API over a store, until a signal ends it. */
import { readFileSync } from 'node:fs'
import { checkExposure, type Secrets } from '../api/exposure.ts'
import type { FiguresSettings } from '../api/metric-figures.ts'
import { type ApiServer, type ServerSettings, startServer } from '../api/server.ts'
import { newToken, readTokens } from '../api/tokens.ts'
import { OperatorError } from '../core/errors.ts'
import { parseEndpoint } from '../source/endpoint.ts'
import type { Store } from '../store/index.ts'
import { isConfigured } from './config/asked.ts'
import { fetchLimits, judgeAndAsk } from './fetch-options.ts'
import { namedStore } from './named-store.ts'
import { preparedProbes } from './probe-job.ts'
import { RepeatedJob } from './repeated-job.ts'
import { readRevocationLists, readRoots } from './root-files.ts'
import { clientsOf } from './serve-clients.ts'
import { oidcOf } from './serve-oidc.ts'
import { type ListenOptions, MAX_JUDGE_MINUTES, MAX_WINDOW_HOURS, type ServeOptions } from './serve-options.ts'
import { withStore } from './store-output.ts'
import { writeError, writeOut } from './terminal.ts'
import { wholeNumber } from './whole-number.ts'

/** Ending takes no longer than this: a supervisor would kill us. */
const STOP_MS = 25_000

const MAKE_TOKEN = 'intransit serve token NAME ROLE makes a token for --tokens'

/** Resolves when SIGTERM or SIGINT came and everything is closed. */
export async function serve(given: ServeOptions, version: string, isGiven: (name: string) => boolean): Promise<void> {
  const options = await optionsOf(given, isGiven)
  const start = await preparedServer(options, version)
  const signal = nextSignal()
  await withStore(namedStore(options), async (store) => {
    const server = await start(store, null, null)
    say(`ends: ${await signal}`)
    setTimeout(() => process.exit(1), STOP_MS).unref()
    await server.close()
  })
}

/** What starts it. Mistakes in what is asked for are told now. @throws OperatorError ERR_USAGE */
export async function preparedServer(
  options: ListenOptions,
  version: string,
): Promise<
  (store: Store, capture: FiguresSettings['capture'], decide: ServerSettings['decide']) => Promise<ApiServer>
> {
  const listen = parseEndpoint(options.listen, { host: '127.0.0.1' })
  if (listen === null) {
    throw new OperatorError('ERR_USAGE', `${options.listen} is no address to listen on`, 'write it as 127.0.0.1:8443')
  }
  const secrets = await secretsOf(options)
  const metricsWindowHours = wholeNumber('--metrics-window', options.metricsWindow, MAX_WINDOW_HOURS)
  checkExposure({ listen, ...secrets })
  const minutes = options.judgeEvery === '0' ? 0 : wholeNumber('--judge-every', options.judgeEvery, MAX_JUDGE_MINUTES)
  const judging = { roots: readRoots(options.roots), revocations: readRevocationLists(options.crl) }
  const limits = fetchLimits(options)
  const probing = preparedProbes(options)
  return async (store, capture, decide = null) => {
    const settings = {
      metricsWindowHours,
      capture,
      decide,
      probes: probing.counts,
      listen,
      ...secrets,
      version,
      say,
      audit: writeError,
    }
    const server = await startServer(store, settings)
    process.on('SIGHUP', () => void renew(server, options))
    const isOpen = secrets.tokens === null && secrets.oidc === null && secrets.clients === null
    say(`serves ${server.url}${isOpen ? ', to this machine only and without tokens' : ''}`)
    say(
      `has its paths at ${server.url}/api/docs and metrics at ${server.url}/metrics; ${isOpen ? `${MAKE_TOKEN}; ` : ''}Ctrl-C or SIGTERM ends it`,
    )
    const job =
      minutes === 0 ? null : new RepeatedJob(() => judgeAndAsk(store, judging, limits, say), minutes * 60_000, say)
    const probes = probing.start(store, say)
    return { ...server, close: async () => void (await Promise.all([server.close(), job?.stop(), probes?.stop()])) }
  }
}

/** The command line's, then the environment's, then the file's. @throws OperatorError ERR_USAGE */
async function optionsOf(given: ServeOptions, isGiven: (name: string) => boolean): Promise<ServeOptions> {
  if (!isConfigured(given.config)) return given
  const { withServeConfig } = await import('./config/with-config.ts')
  return withServeConfig(given, given.config ?? null, isGiven)
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

const secretsOf = async (options: ListenOptions): Promise<Secrets> => ({
  tls: tlsOf(options),
  oidc: await oidcOf(options),
  clients: clientsOf(options),
  tokens: options.tokens === undefined ? null : readTokens(options.tokens),
})

const say = (line: string): void => writeError(`${new Date().toISOString()} ${line}`)

/** Those that come later do nothing: npm sends a Ctrl-C once more, and it must not cut short what the first one began. */
const nextSignal = (): Promise<string> =>
  new Promise((resolve) => {
    for (const signal of ['SIGTERM', 'SIGINT'] as const) process.on(signal, resolve)
  })

function tlsOf({ tlsCert, tlsKey }: ListenOptions): Secrets['tls'] {
  if (tlsCert === undefined && tlsKey === undefined) return null
  if (tlsCert === undefined || tlsKey === undefined) {
    throw new OperatorError('ERR_USAGE', 'a certificate needs its key', 'name both, with --tls-cert and --tls-key')
  }
  return { cert: readPem(tlsCert), key: readPem(tlsKey) }
}

function readPem(file: string): Buffer {
  try {
    return readFileSync(file)
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    throw new OperatorError('ERR_USAGE', `${file} cannot be read (${code})`, 'name a PEM file that this user may read')
  }
}

/** `intransit serve token`: the token is shown this once. */
export async function serveToken(name: string, role: string): Promise<void> {
  const { token, line } = newToken(name, role)
  await writeOut(
    `${token}\n\nThis is the token, and it is shown only now. The line for the file after --tokens is:\n\n${line}\n`,
  )
}
