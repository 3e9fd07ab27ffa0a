/** What the numbers in IKE's proposals stand for: transforms of version 2, attributes of version 1. */
import { readRows } from './read-registry.ts'

export interface IkeEncryption {
  readonly name: string
  readonly kind: 'null' | 'cbc' | 'ctr' | 'aead'
  /** Effective strength: 112 for 3DES; 0 where the key length attribute says it, and of ciphers that encrypt nothing. */
  readonly bits: number
  /** 0 = a stream cipher. */
  readonly blockBits: number
}

/** Integrity, PRF, and the hash of version 1, which is both. */
export interface IkeHash {
  readonly name: string
  /** "md5", "sha1", "sha256"; "aes" of MACs made from that cipher. */
  readonly hash: string
}

export interface IkeGroup {
  readonly name: string
  readonly kind: 'modp' | 'ec2n' | 'ecp' | 'kem'
  readonly bits: number
  /** Strength against classical attack. */
  readonly securityBits: number
  readonly postQuantum: boolean
}

export interface IkeAuthentication {
  readonly name: string
  readonly preShared: boolean
}

export type IkeUse = 'encryption' | 'prf' | 'integrity' | 'group' | 'encryption_v1' | 'hash_v1' | 'authentication_v1'

const rows = readRows<{ readonly use: IkeUse; readonly code: number; readonly name: string }>('ike-transforms.json')
const BY_CODE = new Map(rows.map((row) => [`${row.use} ${row.code}`, row.name]))

/** The registered name; the number itself where there is none. */
export const ikeName = (use: IkeUse, code: number): string => BY_CODE.get(`${use} ${code}`) ?? String(code)

function named<T extends { readonly name: string }>(...uses: readonly IkeUse[]): ReadonlyMap<string, T> {
  return new Map(rows.filter(({ use }) => uses.includes(use)).map((row) => [row.name, row as unknown as T]))
}

const ENCRYPTION = named<IkeEncryption>('encryption', 'encryption_v1')
const HASHES = named<IkeHash>('integrity', 'prf', 'hash_v1')
const GROUPS = named<IkeGroup>('group')
const AUTHENTICATION = named<IkeAuthentication>('authentication_v1')

export const ikeEncryption = (name: string): IkeEncryption | null => ENCRYPTION.get(name) ?? null
export const ikeHash = (name: string): IkeHash | null => HASHES.get(name) ?? null
export const ikeGroup = (name: string): IkeGroup | null => GROUPS.get(name) ?? null
export const ikeAuthentication = (name: string): IkeAuthentication | null => AUTHENTICATION.get(name) ?? null
