/** Secrets that the captures' peers sent: whatever is told, printed or stored of a capture, they are not in it. */
import { spawn } from 'node:child_process'
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { connectEmbedded } from '../../src/store/embedded.ts'
import { PLANTED_KINDS, writePlanted } from './planted.ts'
import { CAPTURES, intransit, MAIN, records } from './run.ts'

/** What the recordings use for passwords, tokens and keys; routers have eight bytes for one, and X11 a number. */
const PLANTED = ['not-a-secret', 'notsecre', 'example-token-0001']
const X11_COOKIE = '00112233445566778899aabbccddeeff'

const base64 = (text: string): string => Buffer.from(text).toString('base64')

/** A text as it stands in base64 of something longer, whichever of the three places it begins at. */
const insideBase64 = (text: string): string[] =>
  ['', 'x', 'xx'].map((before) => base64(`${before}${text}`).slice(before === '' ? 0 : 4, -4))

const spellings = [X11_COOKIE, Buffer.from(X11_COOKIE, 'hex').toString('latin1')].concat(
  PLANTED.flatMap((secret) => [
    secret,
    Buffer.from(secret).toString('hex'),
    ...insideBase64(secret),
    // Databases with UTF-16 passwords.
    Buffer.from(secret, 'utf16le').toString('latin1'),
  ]),
)

/** The spellings that stand in these bytes. */
const found = (bytes: Buffer): string[] => {
  const text = bytes.toString('latin1')
  const lower = text.toLowerCase()
  return spellings.filter((spelling) => text.includes(spelling) || lower.includes(spelling))
}

const SOURCES = fileURLToPath(new URL('../../src/', import.meta.url))

/** Every kind that the source names where it exposes one. Others it puts together, from a protocol and a mechanism. */
function namedKinds(): Set<string> {
  const found = new Set<string>()
  for (const name of readdirSync(join(SOURCES, 'dissect'))) {
    const text = readFileSync(join(SOURCES, 'dissect', name), 'utf8')
    for (const [, kind] of text.matchAll(/expose\((?:facts, )?'([a-z0-9-]+)'\)/g)) found.add(kind as string)
    for (const [, kind] of text.matchAll(/expose\(facts, '\w+', '([a-z0-9-]+)'\)/g)) found.add(kind as string)
  }
  const http = readFileSync(join(SOURCES, 'wire/http1-credentials.ts'), 'utf8')
  for (const [, kind] of http.matchAll(/^ {2}\| '([a-z0-9-]+)'$/gm)) found.add(kind as string)
  return found
}

/** What the protocol itself hides or makes anew, so that no planted text can be looked for in the capture. */
const NOT_AS_TEXT = new Set([
  'aws-presigned-url', // a signature
  'postgresql-md5',
  'radius-pap', // under MD5 and a shared secret
  'sdes-key', // made by the client
])

const folder = mkdtempSync(join(tmpdir(), 'intransit-secrets-'))
const data = join(folder, 'data')
const planted = join(folder, 'planted.pcap')
afterAll(() => rmSync(folder, { recursive: true, force: true }))

describe('planted secrets', () => {
  let told = ''
  /** Names of captures by the kind of credentials in them. */
  const kinds = new Map<string, Set<string>>()
  beforeAll(() => {
    writePlanted(planted)
    const stored = intransit(['replay', CAPTURES, planted, '--data', data])
    const printed = intransit(['replay', CAPTURES, planted, '--no-store', '--format', 'jsonl'])
    told = [stored, printed].map(({ stdout, stderr }) => stdout + stderr).join('')
    for (const record of records(printed.stdout)) {
      for (const kind of (record['credentials_exposed'] as string[] | undefined) ?? []) {
        kinds.set(kind, (kinds.get(kind) ?? new Set()).add(basename(String(record['source']))))
      }
    }
  }, 240_000)

  it('are of every kind that the source names', () => {
    expect(namedKinds().size).toBeGreaterThan(40)
    expect([...namedKinds(), ...PLANTED_KINDS].filter((kind) => !kinds.has(kind))).toEqual([])
  })

  it('stand in the capture of each kind, as a text that is looked for', () => {
    const bytesOf = (name: string): Buffer => readFileSync(name === 'planted.pcap' ? planted : join(CAPTURES, name))
    const missing = [...kinds].filter(([, names]) => ![...names].some((name) => found(bytesOf(name)).length > 0))
    expect(missing.map(([kind]) => kind).sort()).toEqual([...NOT_AS_TEXT].sort())
  })

  it('are in nothing that is printed or logged', () => {
    expect(told).toContain('http-basic')
    expect(found(Buffer.from(told))).toEqual([])
  })

  it('are in no row of any table', async () => {
    const { client } = await connectEmbedded(data)
    try {
      const query =
        "SELECT name FROM system.tables WHERE database = currentDatabase() AND engine NOT IN ('Null', 'MaterializedView', 'View')"
      const tables = await (await client.query({ query, format: 'JSONEachRow' })).json<{ name: string }>()
      expect(tables.map(({ name }) => name)).toEqual(expect.arrayContaining(['flows', 'certificates']))
      for (const { name } of tables) {
        const rows = await (await client.query({ query: `SELECT * FROM ${name}`, format: 'JSONEachRow' })).text()
        expect({ name, found: found(Buffer.from(rows)) }).toEqual({ name, found: [] })
      }
    } finally {
      await client.close()
    }
  }, 60_000)

  it('are in nothing that the API answers', async () => {
    const child = spawn(process.execPath, [MAIN, 'serve', '--data', data, '--listen', '127.0.0.1:0'])
    let said = ''
    child.stderr.on('data', (text) => {
      said += text
    })
    try {
      const url = () => /serves (http\S+?)(?:,|$)/m.exec(said)?.[1]
      await expect.poll(url, { timeout: 60_000 }).toBeDefined()
      const ask = async (path: string): Promise<string> => await (await fetch(`${url()}${path}`)).text()
      const { paths } = JSON.parse(await ask('/api/v1/openapi.json')) as { paths: Record<string, object> }
      const asked = Object.keys(paths).filter(
        (path) => 'get' in (paths[path] as object) && !path.includes('{') && !path.endsWith('/events'),
      )
      expect(asked.length).toBeGreaterThan(10)
      const { items } = JSON.parse(await ask('/api/v1/flows?limit=1000')) as { items: { flow_id: string }[] }
      expect(items.length).toBeGreaterThan(400)
      for (const path of [...asked, '/api/v1/flows?limit=1000', '/metrics']) {
        expect({ path, found: found(Buffer.from(await ask(path))) }).toEqual({ path, found: [] })
      }
    } finally {
      child.kill('SIGKILL')
    }
    expect(found(Buffer.from(said))).toEqual([])
  }, 120_000)

  it.each(['ecs', 'ocsf', 'csv', 'cbom', 'sarif', 'junit'])(
    'are in no dump of the store as %s',
    (format) => {
      const { stdout, stderr } = intransit(['export', '--format', format, '--data', data])
      expect(stdout.length).toBeGreaterThan(1000)
      expect(found(Buffer.from(stdout + stderr))).toEqual([])
    },
    60_000,
  )

  it('are in no file of the data folder', () => {
    const files = readdirSync(data, { recursive: true, encoding: 'utf8' }).map((name) => join(data, name))
    const plain = files.filter((name) => statSync(name).isFile())
    expect(plain.length).toBeGreaterThan(20)
    for (const name of plain) expect({ name, found: found(readFileSync(name)) }).toEqual({ name, found: [] })
  })
})
