/** `intransit probe`: asks servers that were seen for what traffic does not show. Only what the operator allows. */
import { asciiJson } from '../core/json.ts'
import type { Probed } from '../probe/probe.ts'
import { probeRow } from '../probe/probe-line.ts'
import { type ProbeRules, type ProbeTarget, type Refusal, refusalOf } from '../probe/target.ts'
import { cipherSuiteName } from '../registry/cipher-suites.ts'
import { tlsVersionName } from '../registry/versions.ts'
import { counted, printable, WIDTH } from '../report/format.ts'
import { existingStore } from './named-store.ts'
import { checkAllowed, type ProbeWishes, probePlan, probeRound, readTargets } from './probe-round.ts'
import { withStore } from './store-output.ts'
import { writeOut } from './terminal.ts'
import { table } from './text-table.ts'

export interface ProbeOptions extends ProbeWishes {
  data?: string
  clickhouse?: string
  dryRun?: boolean
  json?: boolean
}

/** @throws OperatorError ERR_USAGE, ERR_STORE_*, ERR_DATA_FOLDER */
export async function runProbe(options: ProbeOptions): Promise<void> {
  const asked = probePlan(options)
  if (options.dryRun !== true) checkAllowed(asked)
  const isJson = options.json === true
  await withStore(existingStore(options), async (store) => {
    const targets = await readTargets(store, asked)
    if (options.dryRun === true) return writeOut(plan(targets, asked.rules, isJson))
    const tell = (probed: Probed) =>
      writeOut(isJson ? `${asciiJson(probeRow(probed, options.sensor))}\n` : told(probed))
    await probeRound(store, asked, targets, tell)
  })
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
