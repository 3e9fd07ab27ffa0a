/** The store on a server: its whole life over HTTP, carried out by the real engine behind chdb-http-server.ts. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { deflateSync } from 'node:zlib'
import { type ClickHouseClient, createClient } from '@clickhouse/client'
import forge from 'node-forge'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { basisOf, type Judging, judgeCertificates } from '../../src/report/judge-certificates.ts'
import { openStore, type Store } from '../../src/store/index.ts'
import { rollUp } from '../../src/store/rollup.ts'
import { readMigrations } from '../../src/store/sql-files.ts'
import { RevocationLists } from '../../src/trust/revocation.ts'
import { Roots } from '../../src/trust/roots.ts'
import { CAPTURES, intransit } from '../cli/run.ts'
import { capturedLines } from './captured-lines.ts'
import { ALL_TIME, flowLine, QUERIES, UNFILTERED, ZONES } from './lines.ts'
import { type RunningServer, startServer } from './running-server.ts'

const USER = { username: 'sensor@site', password: 'p@ss:w/rd%' }
const LOGIN = `${encodeURIComponent(USER.username)}:${encodeURIComponent(USER.password)}`
const LAST = readMigrations().length

let server: RunningServer
let count = 0

beforeAll(async () => {
  server = await startServer(USER)
})
afterAll(() => server.stop())

const newDatabase = (): string => `test-${count++}`
const origin = (): string => `http://127.0.0.1:${server.port}`
const urlOf = (database: string, login = LOGIN): string => `http://${login}@127.0.0.1:${server.port}/${database}`

/** Opens, migrates, and closes whatever happens. */
async function withStore<T>(database: string, use: (store: Store) => Promise<T>): Promise<T> {
  const store = await openStore({ clickhouse: urlOf(database) })
  try {
    await store.migrate()
    return await use(store)
  } finally {
    await store.close()
  }
}

/** Rows of a statement that is none of the store's queries. */
async function ask<T>(database: string, query: string): Promise<T[]> {
  const client = createClient({ url: origin(), ...USER, database })
  try {
    return await (await client.query({ query, format: 'JSONEachRow' })).json<T>()
  } finally {
    await client.close()
  }
}

async function tell(database: string, statement: string): Promise<void> {
  const client = createClient({ url: origin(), ...USER, database })
  await client.command({ query: statement })
  await client.close()
}

const flowCount = async (store: Store): Promise<number> => {
  const [range] = await store.select<{ flows: number }>('time-range', ALL_TIME)
  return range?.flows ?? -1
}

describe('the schema', () => {
  it('is made in a database that was not there, and once', async () => {
    const database = newDatabase()
    expect(await ask('default', `SELECT name FROM system.databases WHERE name = '${database}'`)).toEqual([])
    const store = await openStore({ clickhouse: urlOf(database) })
    expect(await store.schemaVersion()).toBe(0)
    expect(await store.migrate()).toEqual({ from: 0, to: LAST })
    expect(await store.migrate()).toEqual({ from: LAST, to: LAST })
    await store.close()
    await withStore(database, async (again) => expect(await again.schemaVersion()).toBe(LAST))
    expect(await ask(database, 'SELECT version FROM schema_migrations ORDER BY version')).toHaveLength(LAST)
  })

  it('is made once when two come at the same time', async () => {
    const database = newDatabase()
    const stores = await Promise.all([1, 2].map(() => openStore({ clickhouse: urlOf(database) })))
    const migrated = await Promise.all(stores.map((store) => store.migrate()))
    for (const { to } of migrated) expect(to).toBe(LAST)
    await stores[0]?.insertFlows(flowLine({ name: 'a', verdict: 'strong' }), 1, 'one')
    expect(await flowCount(stores[1] as Store)).toBe(1)
    await Promise.all(stores.map((store) => store.close()))
  })

  it('is refused when it is newer than this version', async () => {
    const database = newDatabase()
    await withStore(database, async () => undefined)
    await tell(database, "INSERT INTO schema_migrations (version, name, checksum) VALUES (9999, '9999_later', 'x')")
    await expect(openStore({ clickhouse: urlOf(database) })).rejects.toMatchObject({
      code: 'ERR_STORE_SCHEMA',
      message: `the store has schema 9999, this version of intransit knows schemas up to ${LAST}`,
    })
  })
})

describe('rows', () => {
  const line = flowLine({ name: 'a', verdict: 'strong', offered_cipher_suites: [4865] })
  // Counted without FINAL: what is on the disk, not what is left of it when it is read.
  const stored = 'SELECT (SELECT count() FROM flows) AS flows, (SELECT count() FROM client_hellos) AS hellos'

  it('sent again under the same token are dropped, also over another connection', async () => {
    const database = newDatabase()
    await withStore(database, async (store) => {
      await store.insertFlows(line, 1, 'token')
      await store.insertFlows(line, 1, 'token')
    })
    await withStore(database, (store) => store.insertFlows(line, 1, 'token'))
    expect(await ask(database, stored)).toEqual([{ flows: 1, hellos: 1 }])
    await withStore(database, (store) => store.insertFlows(line, 1, 'another-token'))
    expect(await ask(database, stored)).toEqual([{ flows: 2, hellos: 2 }])
  })

  it('whose answer was lost are stored, and sent again they are dropped', async () => {
    const database = newDatabase()
    await withStore(database, async (store) => {
      await server.order('lose_answer')
      await expect(store.insertFlows(line, 1, 'token')).rejects.toMatchObject({
        code: 'ERR_STORE_WRITE',
        message: 'the store did not take 1 rows for flows_in: the connection was reset',
      })
      expect(await ask(database, stored)).toEqual([{ flows: 1, hellos: 1 }])
      await store.insertFlows(line, 1, 'token')
      expect(await ask(database, stored)).toEqual([{ flows: 1, hellos: 1 }])
    })
  })

  it('of a replayed file replace themselves, whatever the token', async () => {
    await withStore(newDatabase(), async (store) => {
      await store.insertFlows(line, 1, 'one')
      await store.insertFlows(line, 1, 'two')
      expect(await flowCount(store)).toBe(1)
    })
  })

  it('that are no flow records are refused whole, and the store says why', async () => {
    await withStore(newDatabase(), async (store) => {
      const rows = store.insertFlows(`${line}{"flow_id":\n`, 2, 't')
      await expect(rows).rejects.toMatchObject({ code: 'ERR_STORE_WRITE', message: expect.stringMatching(/parse/i) })
      expect(await flowCount(store)).toBe(0)
    })
  })

  it('come through whatever is in their text', async () => {
    const database = newDatabase()
    const server_name = `it's; -- "quoted" \\ /* \t\n\n ä☃ {from:String}`
    await withStore(database, (store) =>
      store.insertFlows(flowLine({ name: 'a', verdict: 'strong', server_name }), 1, 't'),
    )
    expect(await ask(database, 'SELECT server_name FROM flows')).toEqual([{ server_name }])
  })
})

const NOW = Date.now()
const answerOn = (fingerprint_sha256: string): string =>
  `${JSON.stringify({
    ...{ fingerprint_sha256, kind: 'ocsp', address: 'http://ocsp.example/', outcome: 'verified', status: 'revoked' },
    ...{ issuer_spki_sha256: 'ab', revoked_at: '1999-01-01T00:00:00Z', next_update: '2001-01-01T00:00:00Z' },
    ...{
      fetched_at: new Date(NOW).toISOString(),
      changed_at: '2000-01-01T00:00:00.000Z',
      due_at: '2001-01-01T00:00:00.000Z',
    },
  })}\n`

describe('the captures', () => {
  const database = newDatabase()
  const folder = mkdtempSync(join(tmpdir(), 'intransit-server-engine-'))
  let remote: Store
  let embedded: Store
  /** Every authority of the captures is trusted, so that there are paths. */
  let judging: Judging
  const names = new Set<string>()
  const fingerprints = new Set<string>()

  beforeAll(async () => {
    const { flows, certificates, health } = await capturedLines()
    const made = certificates.map((line) => JSON.parse(line))
    const roots = made.filter(({ is_ca }) => is_ca)
    const ders = roots.map(({ der }) => Buffer.from(der, 'base64'))
    judging = { roots: new Roots(ders), revocations: new RevocationLists() }
    remote = await openStore({ clickhouse: urlOf(database) })
    embedded = await openStore({ data: folder })
    for (const store of [remote, embedded]) {
      await store.migrate()
      await store.insertCertificates(`${certificates.join('\n')}\n`, certificates.length, 'certificates')
      await store.insertFlows(`${flows.join('\n')}\n`, flows.length, 'flows')
      await store.insertHealth(`${health.join('\n')}\n`, health.length, 'health')
      await store.setZones(ZONES)
      expect(await flowCount(store)).toBe(flows.length)
      await judgeCertificates(store, judging, NOW)
      await store.insertRevocationAnswers(answerOn(made[0].fingerprint_sha256), 1, 'answers')
    }
    for (const line of certificates) {
      const { fingerprint_sha256, subject = '', is_ca } = JSON.parse(line)
      fingerprints.add(fingerprint_sha256)
      if (is_ca) names.add(subject.toLowerCase())
    }
    // On a server rows settle for two minutes before they are added up.
    const client = createClient({ url: origin(), ...USER, database })
    await rollUp(client, { settleSeconds: 0, edges: true })
    await client.close()
    await embedded.rollUp({ edges: true })
  })
  afterAll(async () => {
    await remote.close()
    await embedded.close()
    rmSync(folder, { recursive: true, force: true })
  })

  it.each(QUERIES)('on a server give the same rows for %s as in a folder', async (query) => {
    const place = { after_hash: '', after_role: '', after_ip: '', after_port: 0, after_name: '', after_provenance: '' }
    const judged = {
      basis: query === 'chains-to-judge' ? 'another' : basisOf(judging),
      now: '2000-01-01T00:00:00.000Z',
    }
    const asked = { names: [...names], fingerprints: [...fingerprints].slice(0, 500) }
    const page = { after: '', last: 'g', name: '', limit: 50 }
    const params = { ...ALL_TIME, ...UNFILTERED, ...page, ...place, ...judged, ...asked }
    const rows = await remote.select(query, params, 60)
    expect(rows.length).toBeGreaterThan(0)
    expect(rows).toEqual(await embedded.select(query, params, 60))
  })

  it('have a window on a server as in a folder', async () => {
    const [range] = await remote.select<{ first_seen: string; last_seen: string }>('time-range', ALL_TIME)
    const window = { from: range?.first_seen, to: range?.first_seen }
    const rows = await remote.select<{ flows: number }>('time-range', window)
    expect(rows[0]?.flows).toBeGreaterThan(0)
    expect(rows[0]?.flows).toBeLessThan(await flowCount(remote))
    expect(rows).toEqual(await embedded.select('time-range', window))
  })
})

describe('the command line', () => {
  const folder = mkdtempSync(join(tmpdir(), 'intransit-server-cli-'))
  const env = { ...process.env, CLICKHOUSE_PASSWORD: USER.password }
  const run = (args: string[]) => intransit(args, { env, cwd: folder })
  afterAll(() => rmSync(folder, { recursive: true, force: true }))

  it('replays twice into a server and doubles nothing, and reports what it reports from a folder', async () => {
    const database = newDatabase()
    const url = urlOf(database)
    const json = ['--format', 'json']
    const first = run(['replay', CAPTURES, '--clickhouse', url, ...json])
    const second = run(['replay', CAPTURES, '--clickhouse', url, '--workers', '2', ...json])
    const kept = run(['replay', CAPTURES, '--data', join(folder, 'data'), ...json])
    expect(JSON.parse(first.stdout)).toEqual(JSON.parse(kept.stdout))
    expect(JSON.parse(second.stdout)).toEqual(JSON.parse(kept.stdout))
    for (const { stderr } of [first, second]) expect(stderr).toBe(kept.stderr)
    const printed = run(['replay', CAPTURES, '--format', 'jsonl']).stdout.trimEnd().split('\n').length
    expect(await ask(database, 'SELECT count() AS flows FROM flows FINAL')).toEqual([{ flows: printed }])
  }, 180_000)

  it('takes the password from CLICKHOUSE_PASSWORD, and says what it did to the schema', () => {
    const url = urlOf(newDatabase(), encodeURIComponent(USER.username))
    expect(run(['migrate', '--clickhouse', url])).toEqual({
      status: 0,
      stdout: `schema brought from 0 to ${LAST}\n`,
      stderr: '',
    })
    expect(run(['migrate', '--clickhouse', url]).stdout).toBe(`schema ${LAST} is up to date\n`)
  })

  it('ends with one line when the password is wrong, before it reads a capture', () => {
    const url = urlOf('flows', 'sensor:hunter2')
    const { status, stdout, stderr } = run(['replay', CAPTURES, '--clickhouse', url])
    expect({ status, stdout }).toEqual({ status: 5, stdout: '' })
    expect(stderr).toBe(
      `ERR_STORE_UNREACHABLE: ${origin()} refuses the login of user sensor. ` +
        'Fix: correct the user in the URL and its password there or in CLICKHOUSE_PASSWORD.\n',
    )
  })
})

it('a server that goes away is an error with a code, whatever was asked of it', async () => {
  const leaving = await startServer(USER)
  const store = await openStore({ clickhouse: `http://${LOGIN}@127.0.0.1:${leaving.port}/flows` })
  await store.migrate()
  await leaving.stop()
  const gone = (code: string) => ({ code, message: expect.stringMatching(/: nothing listens there$/) })
  const row = flowLine({ name: 'a', verdict: 'strong' })
  await expect(store.insertFlows(row, 1, 't')).rejects.toMatchObject(gone('ERR_STORE_WRITE'))
  await expect(store.select('time-range', ALL_TIME)).rejects.toMatchObject(gone('ERR_STORE_READ'))
  await expect(store.migrate()).rejects.toMatchObject(gone('ERR_STORE_SCHEMA'))
  await store.close()
})

describe('over TLS', () => {
  const folder = mkdtempSync(join(tmpdir(), 'intransit-server-tls-'))
  const issuer = join(folder, 'issuer.pem')
  let tls: RunningServer

  beforeAll(async () => {
    const made = certificateFor('127.0.0.1')
    writeFileSync(issuer, made.cert)
    tls = await startServer({ ...USER, tls: made })
  })
  afterAll(async () => {
    await tls.stop()
    rmSync(folder, { recursive: true, force: true })
  })
  const migrate = (host: string, env: NodeJS.ProcessEnv = {}) =>
    intransit(['migrate', '--clickhouse', `https://${LOGIN}@${host}:${tls.port}/flows`], {
      env: { ...process.env, ...env },
    })

  it('a certificate of unknown origin is refused', () => {
    const { status, stderr } = migrate('127.0.0.1')
    expect(status).toBe(5)
    expect(stderr).toBe(
      `ERR_STORE_UNREACHABLE: the certificate of https://127.0.0.1:${tls.port} is not trusted: nobody who is trusted ` +
        "here issued it. Fix: name a PEM file with its issuer's certificate in NODE_EXTRA_CA_CERTS.\n",
    )
  })

  it('a certificate for another host is refused', () => {
    const { status, stderr } = migrate('localhost', { NODE_EXTRA_CA_CERTS: issuer })
    expect(status).toBe(5)
    expect(stderr).toMatch(
      /^ERR_STORE_UNREACHABLE: the certificate of .* is not trusted: it is for another host\. Fix: /,
    )
  })

  it('a certificate whose issuer was named is taken', () => {
    const { stdout, stderr } = migrate('127.0.0.1', { NODE_EXTRA_CA_CERTS: issuer })
    expect({ stdout, stderr }).toEqual({ stdout: `schema brought from 0 to ${LAST}\n`, stderr: '' })
  })

  it('http on a port for https is refused', async () => {
    await expect(openStore({ clickhouse: `http://${LOGIN}@127.0.0.1:${tls.port}/flows` })).rejects.toMatchObject({
      code: 'ERR_STORE_UNREACHABLE',
      message: `ClickHouse at http://127.0.0.1:${tls.port} cannot be reached: the connection was reset`,
    })
  })

  it('https on a port for http is refused', async () => {
    await expect(openStore({ clickhouse: `https://${LOGIN}@127.0.0.1:${server.port}/flows` })).rejects.toMatchObject({
      code: 'ERR_STORE_UNREACHABLE',
      message: `ClickHouse at https://127.0.0.1:${server.port} cannot be reached: it does not speak TLS on that port`,
    })
  })
})

/** Issued by itself. */
function certificateFor(ip: string): { key: string; cert: string } {
  const keys = forge.pki.rsa.generateKeyPair(2048)
  const certificate = forge.pki.createCertificate()
  certificate.publicKey = keys.publicKey
  certificate.serialNumber = '01'
  certificate.validity.notAfter = new Date(Date.now() + 86_400_000)
  certificate.setSubject([{ name: 'commonName', value: 'clickhouse' }])
  certificate.setIssuer(certificate.subject.attributes)
  certificate.setExtensions([{ name: 'subjectAltName', altNames: [{ type: 7, ip }] }])
  certificate.sign(keys.privateKey, forge.md.sha256.create())
  return { key: forge.pki.privateKeyToPem(keys.privateKey), cert: forge.pki.certificateToPem(certificate) }
}

/** So that the tests above mean something: the test server is held to what ClickHouse documents. */
describe('the test server', () => {
  let client: ClickHouseClient
  beforeAll(() => {
    client = createClient({ url: origin(), ...USER, compression: { request: true, response: true } })
  })
  afterAll(() => client.close())

  const get = (query: string, params: Record<string, string> = {}, headers: Record<string, string> = {}) =>
    fetch(`${origin()}/?${new URLSearchParams({ query, ...params })}`, {
      headers: { 'X-ClickHouse-User': USER.username, 'X-ClickHouse-Key': USER.password, ...headers },
    })

  it('answers a ping', async () => {
    expect(await client.ping()).toEqual({ success: true })
  })

  it('compresses both ways with gzip', async () => {
    await client.command({ query: 'CREATE TABLE numbers (n UInt32) ENGINE = MergeTree ORDER BY n' })
    await client.insert({ table: 'numbers', values: [{ n: 1 }, { n: 2 }], format: 'JSONEachRow' })
    const rows = await client.query({ query: 'SELECT n FROM numbers ORDER BY n', format: 'JSONEachRow' })
    expect(rows.response_headers['content-encoding']).toBe('gzip')
    expect(await rows.json()).toEqual([{ n: 1 }, { n: 2 }])
  })

  it('compresses both ways with deflate', async () => {
    const login = new URLSearchParams({ user: USER.username, password: USER.password })
    const answer = await fetch(`${origin()}/?enable_http_compression=1&${login}`, {
      method: 'POST',
      headers: { 'Content-Encoding': 'deflate', 'Accept-Encoding': 'deflate' },
      body: deflateSync('SELECT 1 + 1'),
    })
    expect(answer.headers.get('content-encoding')).toBe('deflate')
    // fetch has inflated it.
    expect(await answer.text()).toBe('2\n')
  })

  it('takes a parameter, a format and a setting for one request', async () => {
    const threads = "SELECT {text:String} AS text, getSetting('max_threads') AS threads"
    const params = { param_text: "tab\\tquote\\'backslash\\\\", default_format: 'JSONEachRow' }
    const limited = await (await get(threads, { ...params, max_threads: '3' })).json()
    expect(limited).toEqual({ text: "tab\tquote'backslash\\", threads: 3 })
    expect(await (await get(threads, params)).json()).not.toMatchObject({ threads: 3 })
    expect(await (await get("SELECT 'a', 'b'")).text()).toBe('a\tb\n')
  })

  it.each([
    { name: 'a wrong password', status: 403, code: '516', params: {}, headers: { 'X-ClickHouse-Key': 'x' } },
    { name: 'an unknown database', status: 404, code: '81', params: { database: 'nowhere' }, headers: {} },
    { name: 'an unknown setting', status: 404, code: '115', params: { no_such_setting: '1' }, headers: {} },
    { name: 'an unknown table', status: 404, code: '60', params: { query: 'SELECT * FROM nowhere' }, headers: {} },
    { name: 'two statements', status: 400, code: '62', params: { query: 'SELECT 1; SELECT 2' }, headers: {} },
  ])('refuses $name', async ({ status, code, params, headers }) => {
    const answer = await get('SELECT 1', params, headers as Record<string, string>)
    expect(answer.status).toBe(status)
    expect(answer.headers.get('x-clickhouse-exception-code')).toBe(code)
    expect(await answer.text()).toMatch(new RegExp(`^Code: ${code}\\. DB::Exception: .* \\(version \\d+\\.`))
  })
})
