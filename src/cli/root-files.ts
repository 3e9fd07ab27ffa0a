/** Roots and revocation lists that the operator names: PEM or DER files, folders of them, and the system's roots. */
import { X509Certificate } from 'node:crypto'
import { readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { OperatorError } from '../core/errors.ts'
import { RevocationLists } from '../trust/revocation.ts'
import { Roots } from '../trust/roots.ts'
import { parseRevocationList, type RevocationList } from '../wire/crl.ts'

/** Where Linux distributions keep what their programs trust, in the order in which they are looked for. */
const SYSTEM_FILES = [
  '/etc/ssl/certs/ca-certificates.crt',
  '/etc/pki/tls/certs/ca-bundle.crt',
  '/etc/ssl/ca-bundle.pem',
  '/etc/ssl/cert.pem',
]
const MAX_FILE_BYTES = 128 * 1024 * 1024
const MAX_ROOTS = 10_000

/** `named`: files, folders, or "system"; they are trusted beside Mozilla's. @throws OperatorError ERR_USAGE */
export function readRoots(named: readonly string[] = []): Roots {
  const ders = named.flatMap((place) => (place === 'system' ? systemRoots() : rootsIn(place)))
  if (ders.length <= MAX_ROOTS) return new Roots(ders)
  throw new OperatorError('ERR_USAGE', `--roots names ${ders.length} certificates`, `name ${MAX_ROOTS} at the most`)
}

function systemRoots(): Uint8Array[] {
  for (const file of SYSTEM_FILES) {
    try {
      return certificatesIn(readFileSync(file))
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw unreadable('--roots', file, error)
    }
  }
  throw new OperatorError(
    'ERR_USAGE',
    `--roots system: there is none of ${SYSTEM_FILES.join(', ')}`,
    'install ca-certificates, or name a file',
  )
}

function rootsIn(place: string): Uint8Array[] {
  const ders = filesIn('--roots', place).flatMap((file) => certificatesIn(readFile('--roots', file)))
  if (ders.length > 0) return ders
  throw new OperatorError('ERR_USAGE', `--roots ${place} has no certificate`, 'name PEM or DER certificates of roots')
}

/** @throws OperatorError ERR_USAGE */
export function readRevocationLists(named: readonly string[] = []): RevocationLists {
  return new RevocationLists(named.flatMap(listsIn))
}

function listsIn(place: string): RevocationList[] {
  const lists = filesIn('--crl', place)
    .flatMap((file) => blocksIn(readFile('--crl', file), PEM_LIST))
    .flatMap((der) => parseRevocationList(der) ?? [])
  if (lists.length > 0) return lists
  throw new OperatorError('ERR_USAGE', `--crl ${place} has no revocation list`, 'name lists in PEM or DER')
}

/** For alerts, which alone make something of them where nothing else is judged. @throws OperatorError ERR_USAGE */
export function givenLists(
  { crl = [], alerts }: { crl?: string[]; alerts?: string },
  isJudging = false,
): RevocationLists {
  if (crl.length === 0 || alerts !== undefined || isJudging) return readRevocationLists(crl)
  throw new OperatorError(
    'ERR_USAGE',
    '--crl is for alerts, and --alerts names no file',
    'add --alerts FILE, or give the lists to intransit certs --crl',
  )
}

/** A folder's own files, not those of folders in it. */
function filesIn(option: string, place: string): string[] {
  try {
    if (!statSync(place).isDirectory()) return [place]
    return readdirSync(place)
      .sort()
      .map((name) => join(place, name))
      .filter((file) => statSync(file).isFile())
  } catch (error) {
    throw unreadable(option, place, error)
  }
}

function readFile(option: string, file: string): Buffer {
  try {
    if (statSync(file).size > MAX_FILE_BYTES) throw new Error('it is too large')
    return readFileSync(file)
  } catch (error) {
    throw unreadable(option, file, error)
  }
}

function unreadable(option: string, file: string, error: unknown): OperatorError {
  const why = (error as NodeJS.ErrnoException).code ?? (error as Error).message
  return new OperatorError(
    'ERR_USAGE',
    `${option} ${file} cannot be read: ${why}`,
    'name a file that this user may read',
  )
}

const PEM = /-----BEGIN (?:TRUSTED |X509 )?CERTIFICATE-----([\s\S]+?)-----END/g
const PEM_LIST = /-----BEGIN X509 CRL-----([\s\S]+?)-----END/g

/** PEM blocks anywhere in a file, else the file as DER. */
function blocksIn(bytes: Buffer, form: RegExp): Uint8Array[] {
  const blocks = Array.from(bytes.toString('latin1').matchAll(form), ([, base64 = '']) => Buffer.from(base64, 'base64'))
  return blocks.length > 0 ? blocks : [bytes]
}

/** What is no certificate is passed over. */
const certificatesIn = (bytes: Buffer): Uint8Array[] =>
  blocksIn(bytes, PEM).flatMap((der) => {
    try {
      return [new Uint8Array(new X509Certificate(der).raw)]
    } catch {
      return []
    }
  })
