import { isGrease } from './grease.ts'
import { code, hexName, readRegistry } from './read-registry.ts'

const { rows } = readRegistry<{ readonly name: string }>('signature-schemes.json')
const NAMES = new Map(rows.map((row) => [code(row), row.name]))

/** "rsa_pss_rsae_sha256"; pairs of hash and signature from before TLS 1.3 are named in the same manner. */
export const signatureSchemeName = (value: number): string =>
  NAMES.get(value) ?? (isGrease(value) ? 'GREASE' : hexName(value))
