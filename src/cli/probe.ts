/** `intransit probe`: asks servers that were seen for what traffic does not show. Only on demand, only what the operator allows. */
import { createHash } from 'node:crypto'
import { rfc3339 } from '../core/clock.ts'
import { OperatorError } from '../core/errors.ts'
import { asciiJson } from '../core/json.ts'
import { pace } from '../probe/pace.ts'
import { type Probed, probe } from '../probe/probe.ts'
import { probeLine, probeRow } from '../probe/probe-line.ts'
import { type ProbeRules, type ProbeTarget, probeList, type Refusal, refusalOf } from '../probe/target.ts'
import { certificateLine } from '../record/certificate-line.ts'
import { cipherSuiteName } from '../registry/cipher-suites.ts'
import { tlsVersionName } from '../registry/versions.ts'
import { counted, printable, WIDTH } from '../report/format.ts'
import type { Store } from '../store/index.ts'
import { parseCertificate } from '../wire/x509.ts'
import { wholeNumber } from './capture-jobs.ts'
import { existingStore } from './named-store.ts'
import { withStore } from './store-output.ts'
import { writeOut } from './terminal.ts'
import { table } from './text-table.ts'

export interface ProbeOptions {
  data?: string
  clickhouse?: string
  allow?: string[]
  deny?: string[]
  dryRun?: boolean
  rate: string
  handshakes: string
  timeout: string
  days: string
  sensor: string
  json?: boolean
}

const MAX_TARGETS = 100_000
const MAX_RATE = 100
const MAX_HANDSHAKES = 200
const MAX_TIMEOUT_S = 60
const MAX_DAYS = 400
/** Endpoints at a time; the rate bounds what they do together. */
const AT_ONCE = 8
const US_PER_DAY = 86_400_000_000

/** @throws OperatorError ERR_USAGE, ERR_STORE_*, ERR_DATA_FOLDER */
export async function runProbe(options: ProbeOptions): Promise<void> {
  const rules: ProbeRules = {
    allow: probeList('--allow', options.allow ?? []),
    deny: probeList('--deny', options.deny ?? []),
  }
  if (options.dryRun !== true && (options.allow ?? []).length === 0) {
    throw new OperatorError(
      'ERR_USAGE',
      'nothing may be probed that is not allowed',
      'name ranges or names after --allow, or look at what there is with --dry-run',
    )
  }
  const limits = {
    timeoutMs: wholeNumber('--timeout', options.timeout, MAX_TIMEOUT_S) * 1000,
    maxHandshakes: wholeNumber('--handshakes', options.handshakes, MAX_HANDSHAKES),
    turn: pace(wholeNumber('--rate', options.rate, MAX_RATE)),
  }
  const days = wholeNumber('--days', options.days, MAX_DAYS)
  await withStore(existingStore(options), async (store) => {
    const targets = await readTargets(store, days)
    if (options.dryRun === true) return writeOut(plan(targets, rules, options.json === true))
    const allowed = targets.filter((target) => refusalOf(target, rules) === null)
    await inTurn(allowed, async (target) => {
      const probed = await probe(target, limits)
      await keep(store, probed, options.sensor)
      await writeOut(
        options.json === true
          ? `${asciiJson(probeRow(probed, options.sensor))}
`
          : told(probed),
      )
    })
  })
}

function readTargets(store: Store, days: number): Promise<ProbeTarget[]> {
  const nowUs = Date.now() * 1000
  const range = { from: rfc3339(nowUs - days * US_PER_DAY), to: rfc3339(nowUs) }
  return store.select<ProbeTarget>('probe-targets', { ...range, limit: MAX_TARGETS })
}

async function inTurn(targets: readonly ProbeTarget[], ask: (target: ProbeTarget) => Promise<void>): Promise<void> {
  const left = targets[Symbol.iterator]()
  const worker = async (): Promise<void> => {
    for (const target of left) await ask(target)
  }
  await Promise.all(Array.from({ length: AT_ONCE }, worker))
}

async function keep(store: Store, probed: Probed, sensor: string): Promise<void> {
  const certificates = probed.certificates.map(({ fingerprint, der }) =>
    certificateLine({ fingerprint, der, ...parseCertificate(der, 0, der.length) }),
  )
  await insert(certificates, (lines, rows, token) => store.insertCertificates(lines, rows, token))
  await insert([probeLine(probed, sensor)], (lines, rows, token) => store.insertProbes(lines, rows, token))
}

function insert(
  lines: readonly string[],
  into: (lines: string, rows: number, token: string) => Promise<void>,
): Promise<void> {
  const text = lines.map((line) => `${line}\n`).join('')
  return into(text, lines.length, createHash('sha256').update(text).digest('hex'))
}

const endpointOf = ({ server_ip, server_port }: ProbeTarget): string =>
  server_ip.includes(':') ? `[${server_ip}]:${server_port}` : `${server_ip}:${server_port}`

function plan(targets: readonly ProbeTarget[], rules: ProbeRules, isJson: boolean): string {
  const rows = targets.map((target) => ({ ...target, refusal: refusalOf(target, rules) }))
  if (isJson) return rows.map((row) => `${asciiJson(planned(row))}\n`).join('')
  const heading = ['endpoint', 'name', 'protocol', 'would be probed']
  const words = rows.map((row) => [endpointOf(row), row.server_name, row.protocol, row.refusal ?? 'yes'])
  return table([heading, ...words], WIDTH)
}

const planned = ({ refusal, ...target }: ProbeTarget & { refusal: Refusal | null }) => ({
  server_ip: target.server_ip,
  server_port: target.server_port,
  server_name: target.server_name,
  protocol: target.protocol,
  would_probe: refusal === null,
  refusal,
})

/** Written when it is known, so without columns. */
function told(probed: Probed): string {
  const { target, outcome, certificates, versions, suites } = probed
  const name = target.server_name === '' ? '' : ` as ${target.server_name}`
  const what = [...versions.map(tlsVersionName), ...suites.map(cipherSuiteName)].join(' ')
  return printable(
    `${endpointOf(target)}${name} (${target.protocol}): ${outcome}, ${counted(certificates.length, 'certificate')}${what === '' ? '' : `, ${what}`}`,
  ).concat('\n')
}
