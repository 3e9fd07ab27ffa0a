/** A33 by what the store knows: chains judged by a list that openssl signed, and imported inventories. */
import { execFileSync } from 'node:child_process'
import { X509Certificate } from 'node:crypto'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest'
import { DEFAULT_ALERT_CONFIG } from '../../src/alert/config.ts'
import type { Finding } from '../../src/alert/index.ts'
import { Alerts } from '../../src/cli/alerts.ts'
import { importInventory } from '../../src/cli/import.ts'
import { LiveStore } from '../../src/cli/live-store.ts'
import { readRevocationLists, readRoots } from '../../src/cli/root-files.ts'
import { StoreOutput } from '../../src/cli/store-output.ts'
import { certificateLine } from '../../src/record/certificate-line.ts'
import { judgeCertificates } from '../../src/report/judge-certificates.ts'
import { openStore, type Store } from '../../src/store/index.ts'
import { Spool } from '../../src/store/spool.ts'
import { parseCertificate } from '../../src/wire/x509.ts'
import { tls12 } from '../alert/simulate.ts'
import { makeKeys } from '../probe/real-servers.ts'
import { hasTool } from '../registry/tools.ts'
import { flowLine } from '../store/lines.ts'

const folder = mkdtempSync(join(tmpdir(), 'intransit-revocations-'))
const nowMs = Date.now()
const HOUR_MS = 3_600_000
let count = 0
let data = ''
let store: Store
let certificates = ''
let leaf: X509Certificate

const idOf = (one: X509Certificate): string => one.fingerprint256.replaceAll(':', '').toLowerCase()
const held = (name: string) => new X509Certificate(readFileSync(join(folder, name)))

/** A flow that shows the leaf, so many hours from now. */
const shown = (hours: number): string => {
  const at = new Date(nowMs + hours * HOUR_MS).toISOString()
  const tls = { ...tls12, app_protocol: 'tls', server_certificates: [idOf(leaf), idOf(held('ca.pem'))] }
  return flowLine({ name: `at ${hours}`, verdict: 'strong', first_seen: at, last_seen: at, ...tls })
}

async function found(output: LiveStore | StoreOutput, hours: readonly number[]): Promise<Finding[]> {
  const file = { folder: null, config: DEFAULT_ALERT_CONFIG, receivers: [] }
  const alerts = new Alerts(file, join(folder, `alerts-${count}`), output, (text) => expect.fail(text))
  try {
    await alerts.learn()
    alerts.certificates(Buffer.from(certificates, 'latin1'))
    for (const one of hours) alerts.engine.flow(JSON.parse(shown(one)))
    return alerts.engine.findings().filter(({ rule }) => rule === 'A33')
  } finally {
    await alerts.close()
  }
}

describe.skipIf(!hasTool('openssl'))('a certificate that the store knows to be revoked (needs openssl)', () => {
  beforeAll(() => {
    makeKeys(folder)
    leaf = held('leaf.pem')
    certificates = ['leaf.pem', 'ca.pem']
      .map((name) => {
        const der = held(name).raw
        return `${certificateLine({ fingerprint: idOf(held(name)), der, ...parseCertificate(der, 0, der.length) })}\n`
      })
      .join('')
  })
  beforeEach(async () => {
    count += 1
    data = join(folder, `data-${count}`)
    store = await openStore({ data })
    await store.migrate()
    await store.insertCertificates(certificates, 2, 'certificates')
    await store.insertFlows(shown(0), 1, 'flow')
  })
  afterEach(async () => {
    vi.restoreAllMocks()
    await store.close()
  })
  afterAll(() => rmSync(folder, { recursive: true, force: true }))

  it('by a chain judged by a list: from when it was shown', async () => {
    const time = (ms: number) => `${new Date(ms).toISOString().slice(2, 19).replace(/[-:T]/g, '')}Z`
    const [end, revokedAt] = [time(nowMs + 700 * HOUR_MS), time(nowMs - 30 * HOUR_MS)]
    const index = ['R', end, `${revokedAt},keyCompromise`, leaf.serialNumber, 'unknown', '/CN=leaf']
    writeFileSync(join(folder, 'index.txt'), `${index.join('\t')}\n`)
    writeFileSync(join(folder, 'crl.cnf'), '[ca]\ndefault_ca=d\n[d]\ndatabase=index.txt\ndefault_md=sha256\n')
    const list = ['ca', '-gencrl', '-config', 'crl.cnf', '-crldays', '7', '-cert', 'ca.pem', '-keyfile', 'ca.key']
    execFileSync('openssl', [...list, '-out', 'list.pem'], { cwd: folder, stdio: 'pipe' })
    const judging = {
      roots: readRoots([join(folder, 'root.pem')]),
      revocations: readRevocationLists([join(folder, 'list.pem')]),
    }
    const live = () => new LiveStore(store, new Spool(join(folder, `spool-${count}`), 1024 * 1024), () => undefined)
    const before = live()
    expect(await found(before, [0, 1])).toEqual([])
    await before.close()
    expect(await judgeCertificates(store, judging)).toBe(1)
    count += 1
    const after = live()
    const [finding, ...others] = await found(after, [-1, 1, 2])
    await after.close()
    expect(others).toEqual([])
    expect(finding).toMatchObject({
      severity: 'critical',
      state: 'open',
      flows: 2,
      what: expect.stringContaining('a revocation list or a response says so'),
    })
  })

  it.each([
    { columns: 'fingerprint_sha256', row: () => idOf(leaf), isKnown: true },
    { columns: 'serial_number,issuer', row: () => `${leaf.serialNumber},CN=Issuing`, isKnown: true },
    { columns: 'serial_number,issuer', row: () => `${leaf.serialNumber},CN=Another`, isKnown: false },
    { columns: 'serial_number', row: () => leaf.serialNumber, isKnown: true },
    { columns: 'serial_number', row: () => '01', isKnown: false },
  ])('by an inventory with $columns (known: $isKnown): from when it was revoked', async ({ columns, row, isKnown }) => {
    await store.close()
    const revokedAt = new Date(nowMs + 1.5 * HOUR_MS).toISOString()
    writeFileSync(join(folder, 'revoked.csv'), `${columns},revoked_at\n${row()},${revokedAt}\n`)
    vi.spyOn(process.stdout, 'write').mockImplementation(((_text: string, done: () => void) => {
      done()
      return true
    }) as typeof process.stdout.write)
    await importInventory(join(folder, 'revoked.csv'), { data, as: 'csv', json: true })
    store = await openStore({ data })
    const findings = await found(new StoreOutput(store), [1, 2, 3])
    expect(findings.map(({ flows, what }) => [flows, what.replace(/^.*: /, '')])).toEqual(
      isKnown ? [[2, 'an imported inventory says so']] : [],
    )
  })
})
