/**
 * Which certificate followed which, in a store of made certificates: what it costs where one identity has all of them.
 *   npm run bench:renewals [-- --count 100000] [--identities 1]
 */
import { createHash } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { openStore, type Store } from '../src/store/index.ts'

const { values } = parseArgs({
  options: { count: { type: 'string', default: '100000' }, identities: { type: 'string', default: '1' } },
})
const COUNT = Number(values.count)
const IDENTITIES = Number(values.identities)
const BATCH = 5000
const START_MS = Date.parse('2026-01-01T00:00:00Z')
const DAY_MS = 86_400_000

const EVERYTHING = {
  ...{ from: '1970-01-01T00:00:00.000000Z', to: '2200-01-01T00:00:00.000000Z', provenances: [], private_issuers: [] },
  ...{ after_end_s: -99_999_999_999, after_id: '', name: '', automations: [], server_ips: [], limit: 1000 },
}

const QUERIES = [
  'kpi-certificate-renewal-success',
  'kpi-certificate-propagation',
  'kpi-certificate-automation',
  'certificate-lifecycle',
]

/** One flow a second, each with a certificate of its own. */
async function fill(store: Store, first: number, count: number): Promise<void> {
  const numbers = Array.from({ length: count }, (_, i) => first + i)
  const token = String(first)
  await store.insertCertificates(numbers.map(certificate).join(''), count, token)
  await store.insertFlows(numbers.map(flow).join(''), count, token)
}

const fingerprint = (i: number): string => createHash('sha256').update(`certificate ${i}`).digest('hex')
const hostOf = (i: number): string => `h${i % IDENTITIES}.example`
const time = (ms: number): string => new Date(START_MS + ms).toISOString()

const certificate = (i: number): string =>
  `${JSON.stringify({
    ...{ fingerprint_sha256: fingerprint(i), der: '', subject: `CN=${hostOf(i)}`, issuer: 'CN=Issuing' },
    ...{ serial_number: fingerprint(i).slice(0, 32), key_type: 'ec', key_bits: 256, self_issued: false },
    ...{ not_before: time(i * 1000 - 5000).slice(0, 19), not_after: time(i * 1000 + DAY_MS).slice(0, 19) },
    subject_alt_names: [hostOf(i)],
  })}\n`

const flow = (i: number): string =>
  `${JSON.stringify({
    ...{ flow_id: createHash('md5').update(`flow ${i}`).digest('hex'), sensor: 's', policy: 'p', source: 'made' },
    ...{ first_seen: time(i * 1000), last_seen: time(i * 1000), transport: 'tcp' },
    ...{ client_ip: '10.0.0.1', client_port: 40_000, server_ip: `10.0.1.${i % 3}`, server_port: 443 },
    ...{ packets_client: 1, packets_server: 1, bytes_client: 1, bytes_server: 1, visibility: 'both' },
    ...{ verdict: 'strong', app_protocol: 'tls', tls_version: 0x0303, handshake_us: 5 },
    server_certificates: [fingerprint(i)],
  })}\n`

await run()

async function run(): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'bench-renewals-'))
  const store = await openStore({ data: folder })
  try {
    await store.migrate()
    for (let at = 0; at < COUNT; at += BATCH) await fill(store, at, Math.min(BATCH, COUNT - at))
    console.log(`${COUNT} certificates of ${IDENTITIES} identities`)
    for (const query of QUERIES) {
      const before = performance.now()
      await store.select(query, EVERYTHING)
      console.log(`${query.padEnd(40)} ${((performance.now() - before) / 1000).toFixed(1).padStart(7)} s`)
    }
  } finally {
    await store.close()
    rmSync(folder, { recursive: true, force: true })
  }
}
