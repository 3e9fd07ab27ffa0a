/** `intransit certs`: the certificates that a store has seen, when they end, where they are and what is wrong with them. */
import { writeFileSync } from 'node:fs'
import { OperatorError } from '../core/errors.ts'
import { asciiJson } from '../core/json.ts'
import { isProvenance, PROVENANCES, type Provenance } from '../core/provenance.ts'
import { renderCertificates } from '../report/certificate-list.ts'
import { basisOf } from '../report/judge-certificates.ts'
import { type CertificateQuestion, readCertificates, type SeenCertificate } from '../report/read-certificates.ts'
import type { Store } from '../store/index.ts'
import { inventory } from './certs-inventory.ts'
import { lifecycle } from './certs-lifecycle.ts'
import { type FetchOptions, fetchLimits, judgeAndAsk } from './fetch-options.ts'
import { existingStore } from './named-store.ts'
import { pemText } from './pem.ts'
import { readRevocationLists, readRoots } from './root-files.ts'
import { withStore } from './store-output.ts'
import { wantsColour, writeError, writeOut } from './terminal.ts'

export interface CertsOptions extends FetchOptions {
  data?: string
  clickhouse?: string
  expiring?: string
  failing?: boolean
  provenance?: string[]
  inventory?: boolean
  lifecycle?: boolean
  name?: string
  now?: string
  roots?: string[]
  crl?: string[]
  /** A file, or "-" = standard output in place of the list. */
  pem?: string
  json?: boolean
}

/** @throws OperatorError ERR_USAGE, ERR_STORE_*, ERR_DATA_FOLDER */
export async function certs(options: CertsOptions): Promise<void> {
  if (options.inventory === true) {
    await writeOut(await withStore(existingStore(options), (store) => inventory(store, options.json === true)))
    return
  }
  const judging = { roots: readRoots(options.roots), revocations: readRevocationLists(options.crl) }
  const limits = fetchLimits(options)
  const question = { ...questionOf(options), basis: basisOf(judging) }
  if (options.lifecycle === true) {
    const { provenances = [], name } = question
    const tell = (store: Store) => lifecycle(store, { provenances, name }, options.json === true)
    await writeOut(await withStore(existingStore(options), tell))
    return
  }
  const ders = new Map<string, Uint8Array>()
  const take = (fingerprint: string, der: Uint8Array) => void ders.set(fingerprint, der)
  const found = await withStore(existingStore(options), async (store) => {
    await judgeAndAsk(store, judging, limits, writeError)
    return await readCertificates(store, question, options.pem === undefined ? undefined : take)
  })
  if (options.pem !== undefined) await writePem(options.pem, found, ders)
  if (options.pem !== '-') await writeOut(options.json === true ? lines(found) : inWords(found))
}

const lines = (found: readonly SeenCertificate[]): string => found.map((one) => `${asciiJson(one)}\n`).join('')

const inWords = (found: readonly SeenCertificate[]): string => renderCertificates(found, wantsColour(process.stdout))

function questionOf({
  expiring,
  failing = false,
  name = '',
  now,
  provenance = [],
}: CertsOptions): Omit<CertificateQuestion, 'basis'> {
  return {
    nowUs: now === undefined ? Date.now() * 1000 : timeUs(now),
    name,
    expiringUs: expiring === undefined ? null : durationUs(expiring),
    failing,
    provenances: provenance.map(provenanceOf),
  }
}

function provenanceOf(word: string): Provenance {
  if (isProvenance(word)) return word
  throw new OperatorError('ERR_USAGE', `--provenance ${word} is not known`, `write one of ${PROVENANCES.join(', ')}`)
}

const UNITS_US: Readonly<Record<string, number>> = { h: 3_600_000_000, d: 86_400_000_000, w: 604_800_000_000 }

function durationUs(text: string): number {
  const [, count, unit = ''] = /^(\d{1,5})([hdw])$/.exec(text) ?? []
  if (count !== undefined) return Number(count) * (UNITS_US[unit] as number)
  throw new OperatorError('ERR_USAGE', `--expiring ${text} is no length of time`, 'write it as 30d, 4w or 12h')
}

function timeUs(text: string): number {
  const isTime = /^\d{4}-\d\d-\d\d(?:T\d\d:\d\d:\d\d(?:\.\d+)?Z)?$/.test(text)
  const ms = isTime ? Date.parse(text) : Number.NaN
  if (!Number.isNaN(ms)) return ms * 1000
  throw new OperatorError('ERR_USAGE', `--now ${text} is no time`, 'write it as 2026-11-25 or 2026-11-25T12:00:00Z')
}

async function writePem(
  place: string,
  found: readonly SeenCertificate[],
  ders: ReadonlyMap<string, Uint8Array>,
): Promise<void> {
  const text = found.map((one) => pemText(one, ders.get(one.fingerprint_sha256) as Uint8Array)).join('')
  if (place === '-') return writeOut(text)
  try {
    writeFileSync(place, text)
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error)
    throw new OperatorError('ERR_USAGE', `--pem ${place} cannot be written: ${why}`, 'name a file that can be written')
  }
}
