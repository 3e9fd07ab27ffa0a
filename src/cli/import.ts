/** `intransit import`: an inventory of certificates into the store, to be held against what is seen. */
import { createHash } from 'node:crypto'
import { readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { OperatorError } from '../core/errors.ts'
import { asciiJson } from '../core/json.ts'
import { INVENTORY_KINDS } from '../inventory/index.ts'
import { certificateLine } from '../record/certificate-line.ts'
import { counted } from '../report/format.ts'
import { parseCertificate } from '../wire/x509.ts'
import { namedStore } from './named-store.ts'
import { withStore } from './store-output.ts'
import { writeOut } from './terminal.ts'

export interface ImportOptions {
  data?: string
  clickhouse?: string
  as: string
  json?: boolean
}

const MAX_FILE_BYTES = 64 * 1024 * 1024
const MAX_FILES = 100_000

/** @throws OperatorError ERR_SOURCE_NOT_FOUND, ERR_SOURCE_FORMAT, ERR_STORE_*, ERR_DATA_FOLDER, ERR_USAGE */
export async function importInventory(place: string, options: ImportOptions): Promise<void> {
  const kind = INVENTORY_KINDS[options.as]
  if (kind === undefined) {
    const known = Object.keys(INVENTORY_KINDS).join(', ')
    throw new OperatorError('ERR_USAGE', `--as ${options.as} is no kind of inventory`, `write one of ${known}`)
  }
  const files = filesOf(place, kind.files)
  const imported_at = new Date().toISOString()
  const lines = new Map<string, string>()
  const rows: string[] = []
  for (const file of files) {
    const found = kind.read(contentOf(file), file)
    if (found === null) {
      throw new OperatorError(
        'ERR_SOURCE_FORMAT',
        `${file} is no inventory of the kind ${options.as}`,
        'see docs/import.md',
      )
    }
    for (const item of found.items) rows.push(asciiJson({ source: options.as, imported_at, ...item }))
    for (const der of found.ders) {
      const fingerprint = createHash('sha256').update(der).digest('hex')
      lines.set(fingerprint, certificateLine({ fingerprint, der, ...parseCertificate(der, 0, der.length) }))
    }
  }
  await withStore(namedStore(options), async (store) => {
    await insert([...lines.values()], (text, count, token) => store.insertCertificates(text, count, token))
    await insert(rows, (text, count, token) => store.insertImports(text, count, token))
  })
  const summary = { source: options.as, files: files.length, certificates: rows.length }
  const inWords = `${counted(rows.length, 'certificate')} of ${counted(files.length, 'file')} imported\n`
  await writeOut(options.json === true ? `${asciiJson(summary)}\n` : inWords)
}

function insert(
  lines: readonly string[],
  into: (text: string, rows: number, token: string) => Promise<void>,
): Promise<void> {
  const text = lines.map((line) => `${line}\n`).join('')
  return into(text, lines.length, createHash('sha256').update(text).digest('hex'))
}

function filesOf(place: string, ending: RegExp): string[] {
  try {
    if (!statSync(place).isDirectory()) return [place]
    const names = readdirSync(place, { recursive: true, encoding: 'utf8' }).filter((name) => ending.test(name))
    const files = names.sort().map((name) => join(place, name))
    if (files.length > 0 && files.length <= MAX_FILES) return files
  } catch (error) {
    throw unreadable(place, error)
  }
  throw new OperatorError(
    'ERR_SOURCE_NOT_FOUND',
    `${place} holds no file that ends as this kind does, or more than ${MAX_FILES}`,
    'name the files one by one, or a folder with fewer',
  )
}

function contentOf(file: string): Uint8Array {
  try {
    if (statSync(file).size <= MAX_FILE_BYTES) return readFileSync(file)
  } catch (error) {
    throw unreadable(file, error)
  }
  throw new OperatorError('ERR_SOURCE_FORMAT', `${file} is larger than 64 MiB`, 'split it')
}

function unreadable(place: string, error: unknown): OperatorError {
  const why = error instanceof Error ? error.message : String(error)
  return new OperatorError(
    'ERR_SOURCE_NOT_FOUND',
    `${place} cannot be read: ${why}`,
    'name a file or folder that can be read',
  )
}
