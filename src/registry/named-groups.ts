import { isGrease } from './grease.ts'
import { code, hexName, type Recommended, readRegistry } from './read-registry.ts'

export interface NamedGroup {
  readonly code: number
  /** IANA's name: "x25519", "secp256r1", "X25519MLKEM768". */
  readonly name: string
  /** "explicit" = parameters travel in the message, which RFC 8422 §5.1.1 forbids. */
  readonly kind: 'ec' | 'ec_binary' | 'ff' | 'kem' | 'hybrid' | 'explicit'
  /** Size of the field or prime; of ML-KEM and hybrids the parameter set's number. */
  readonly bits: number
  /** Strength against classical attack (NIST SP 800-57 part 1, table 2); of hybrids that of the stronger part. */
  readonly securityBits: number
  readonly postQuantum: boolean
  /** A code point of a draft or an experiment that was given up. */
  readonly draft: boolean
  readonly recommended: Recommended
}

const { rows } = readRegistry<Omit<NamedGroup, 'code'>>('named-groups.json')
const GROUPS = new Map(rows.map((row) => [code(row), { ...row, code: code(row) }]))

/** Null = no group is known under this code point. */
export const namedGroup = (value: number): NamedGroup | null => GROUPS.get(value) ?? null

export const namedGroupName = (value: number): string =>
  GROUPS.get(value)?.name ?? (isGrease(value) ? 'GREASE' : hexName(value))

export const allNamedGroups = (): readonly NamedGroup[] => [...GROUPS.values()]
