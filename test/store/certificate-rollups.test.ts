/** The figures of certificates that read rollups are those of the flows: of any whole hours, however flows came. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { connectEmbedded } from '../../src/store/embedded.ts'
import type { Engine } from '../../src/store/engine.ts'
import { openStore } from '../../src/store/index.ts'
import { readQuery } from '../../src/store/sql-files.ts'
import { capturedLines } from './captured-lines.ts'
import { OF_FLOWS } from './certificate-figures.ts'
import { flowLine, type MadeFlow } from './lines.ts'

const HOUR_MS = 3_600_000
const BEGIN_MS = Date.parse('2025-11-20T00:00:00Z')
const DAYS = 140
const BATCHES = 3
const A_BATCH = 700

/** mulberry32, so that a failure comes again. */
function random(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let t = Math.imul(state ^ (state >>> 15), 1 | state)
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32
  }
}

/**
 * Few endpoints with long runs and with short ones: some flip at every flow, some for months; some show nothing; some are refused.
 * `leaves`: of certificates that the store has, so that some of them have ended.
 */
function made(next: () => number, n: number, leaves: readonly string[]): MadeFlow {
  const any = (below: number): number => Math.floor(next() * below)
  const endpoint = any(9)
  const at = BEGIN_MS + any(DAYS * 24 * 3600) * 1000
  const time = new Date(at).toISOString().replace('Z', `${String(any(1000)).padStart(3, '0')}Z`)
  const stays = [1, 2, 40, 24 * 30][endpoint % 4] as number
  const isFailing = Math.floor(at / HOUR_MS / stays) % 2 === 0
  const isHidden = endpoint === 8 || next() < 0.1
  const shown = isHidden
    ? {}
    : { server_certificates: [leaves[(endpoint + any(2)) % leaves.length] as string, 'c1'.repeat(32)] }
  return {
    ...{
      name: `flow ${n}`,
      verdict: 'weak',
      first_seen: time,
      last_seen: time,
      server: `10.0.1.${endpoint === 8 ? 9 : endpoint % 5}`,
    },
    ...{ tls_version: [0x0303, 0x0304, 0xfefc][isHidden ? 1 + any(2) : 0], app_protocol: 'tls' },
    ...(next() < 0.7 ? { handshake_us: 900 } : {}),
    ...(next() < 0.2 ? { resumed: true } : {}),
    ...(endpoint === 3 ? {} : { server_name: `n${endpoint % 3}.example` }),
    ...shown,
    violations: isFailing ? ['pack/cert-expired', 'pack/tls-old'] : ['pack/tls-old'],
    alerts: next() < 0.1 ? ['client:fatal:46'] : next() < 0.1 ? ['server:fatal:40'] : [],
  }
}

let folder: string
let engine: Engine

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'intransit-certificate-rollups-'))
  const store = await openStore({ data: folder })
  await store.migrate()
  const { certificates } = await capturedLines()
  // Every third has ended before the flows begin, another ends among them.
  const ends = ['2025-10-01', '2026-01-15', '2027-10-01'].map((day) => `${day}T00:00:00.000000Z`)
  const issued = certificates.slice(0, 12).map((line, n) => ({ ...JSON.parse(line), not_after: ends[n % 3] }))
  const leaves = issued.map(({ fingerprint_sha256 }) => String(fingerprint_sha256))
  await store.insertCertificates(issued.map((line) => JSON.stringify(line)).join('\n'), issued.length, 'certificates')
  const next = random(7)
  let again: string[] = []
  for (let batch = 0; batch < BATCHES; batch++) {
    const lines = Array.from({ length: A_BATCH }, (_, i) => flowLine(made(next, batch * A_BATCH + i, leaves)))
    // Flows of the batch before are told again, as if another policy had judged them.
    lines.push(...again)
    again = lines.slice(0, 50).map((line) => line.replace('pack/cert-expired', 'pack/tls-weak'))
    await store.insertFlows(lines.join(''), lines.length, `batch-${batch}`)
    await store.rollUp({ edges: false })
  }
  const probe = {
    ...{ probe_id: 'ab'.repeat(16), probed_at: '2026-01-05T00:00:00.000000Z', sensor: 'test', server_ip: '10.0.1.4' },
    ...{ server_port: 443, server_name: 'n0.example', protocol: 'tls', outcome: 'handshake', handshakes: 1 },
    server_certificates: [leaves[0]],
  }
  await store.insertProbes(`${JSON.stringify(probe)}\n`, 1, 'probe')
  await store.close()
  engine = await connectEmbedded(folder)
}, 120_000)
afterAll(async () => {
  await engine?.client.close()
  rmSync(folder, { recursive: true, force: true })
})

async function figure(text: string, params: Record<string, unknown>): Promise<Record<string, unknown>> {
  const query_params = { ...params, private_issuers: [] }
  const rows = await (await engine.client.query({ query: text, format: 'JSONEachRow', query_params })).json()
  return (rows as Record<string, unknown>[])[0] ?? {}
}

const after = (hours: number): string => new Date(BEGIN_MS + hours * HOUR_MS).toISOString().slice(0, -1)
const until = (hours: number): string =>
  new Date(BEGIN_MS + hours * HOUR_MS - 1).toISOString().slice(0, -1).concat('999')

const RANGES = [
  { what: 'an hour', from: 500, to: 501 },
  { what: 'a day', from: 24 * 30, to: 24 * 31 },
  { what: 'a day that begins at noon', from: 24 * 30 + 12, to: 24 * 31 + 12 },
  { what: 'two days and an hour', from: 1000, to: 1049 },
  { what: 'a month with hours at both ends', from: 24 * 9 + 5, to: 24 * 45 + 7 },
  { what: 'months with days and hours at both ends', from: 24 * 3 + 5, to: 24 * 120 + 7 },
  { what: 'whole months', from: 24 * 11, to: 24 * (11 + 31 + 31 + 28) },
  { what: 'everything', from: -24 * 700, to: 24 * 700 },
  { what: 'a time after all flows', from: 24 * 400, to: 24 * 401 },
]

describe.each(Object.keys(OF_FLOWS))('%s', (name) => {
  it.each(RANGES)('of $what is that of the flows', async ({ from, to }) => {
    for (const provenances of [[], ['observed'], ['probed']]) {
      const params = { from: after(from), to: until(to), provenances }
      const rolled = await figure(readQuery(`kpi-${name}`), params)
      const wanted = await figure(OF_FLOWS[name] as string, params)
      expect({ provenances, ...rolled }).toEqual({ provenances, ...wanted })
    }
  })
})

it('there is something of everything', async () => {
  for (const name of Object.keys(OF_FLOWS)) {
    const whole = await figure(readQuery(`kpi-${name}`), { from: after(0), to: until(24 * DAYS), provenances: [] })
    for (const member of ['numerator', 'denominator', 'unobservable']) expect(Number(whole[member])).toBeGreaterThan(0)
  }
})
