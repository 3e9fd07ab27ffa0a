/** Secrets that the captures' peers sent: whatever is told, printed or stored of a capture, they are not in it. */
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { connectEmbedded } from '../../src/store/embedded.ts'
import { CAPTURES, intransit } from './run.ts'

/** What the recordings use for passwords, tokens and keys. */
const PLANTED = ['not-a-secret', 'example-token-0001']

const base64 = (text: string): string => Buffer.from(text).toString('base64')

/** A text as it stands in base64 of something longer, whichever of the three places it begins at. */
const insideBase64 = (text: string): string[] =>
  ['', 'x', 'xx'].map((before) => base64(`${before}${text}`).slice(before === '' ? 0 : 4, -4))

const spellings = PLANTED.flatMap((secret) => [
  secret,
  Buffer.from(secret).toString('hex'),
  ...insideBase64(secret),
  // Databases with UTF-16 passwords.
  Buffer.from(secret, 'utf16le').toString('latin1'),
])

/** The spellings that stand in these bytes. */
const found = (bytes: Buffer): string[] => {
  const text = bytes.toString('latin1')
  const lower = text.toLowerCase()
  return spellings.filter((spelling) => text.includes(spelling) || lower.includes(spelling))
}

const folder = mkdtempSync(join(tmpdir(), 'intransit-secrets-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

describe('planted secrets', () => {
  let told = ''
  beforeAll(() => {
    const stored = intransit(['replay', CAPTURES, '--data', folder])
    const printed = intransit(['replay', CAPTURES, '--no-store', '--format', 'jsonl'])
    told = [stored, printed].map(({ stdout, stderr }) => stdout + stderr).join('')
  }, 120_000)

  it('are in the captures', () => {
    const all = readdirSync(CAPTURES).filter((name) => name.endsWith('.pcap'))
    const planted = all.filter((name) => found(readFileSync(join(CAPTURES, name))).length > 0)
    expect(planted).toEqual(
      expect.arrayContaining(['http-bearer.pcap', 'http-post-basic-auth.pcap', 'http-form-login.pcap']),
    )
  })

  it('are in nothing that is printed or logged', () => {
    expect(told).toContain('http-basic')
    expect(found(Buffer.from(told))).toEqual([])
  })

  it('are in no row of any table', async () => {
    const { client } = await connectEmbedded(folder)
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

  it('are in no file of the data folder', () => {
    const files = readdirSync(folder, { recursive: true, encoding: 'utf8' }).map((name) => join(folder, name))
    const plain = files.filter((name) => statSync(name).isFile())
    expect(plain.length).toBeGreaterThan(20)
    for (const name of plain) expect({ name, found: found(readFileSync(name)) }).toEqual({ name, found: [] })
  })
})
