/** SSH's algorithms go by name; what a name stands for. A name that no list has is null, and neither good nor bad. */
import { readRows } from './read-registry.ts'

export interface SshKex {
  readonly name: string
  /** "dh_gex": the prime comes in a message; "rsa": the server's key, no forward secrecy (RFC 4432). */
  readonly kind: 'dh' | 'dh_gex' | 'ecdh' | 'hybrid' | 'rsa'
  readonly hash: string
  /** Of the prime, field or modulus; of hybrids the parameter set's number; 0 where the name does not say. */
  readonly bits: number
  /** Strength against classical attack, of hybrids that of the stronger part; 0 where the name does not say. */
  readonly securityBits: number
  readonly postQuantum: boolean
}

export interface SshCipher {
  readonly name: string
  readonly kind: 'none' | 'stream' | 'cbc' | 'cfb' | 'ctr' | 'aead'
  /** Effective strength: 112 for 3DES. */
  readonly bits: number
  /** 0 = a stream cipher. */
  readonly blockBits: number
}

export interface SshMac {
  readonly name: string
  /** "md5", "sha1", "sha256", "umac", "none". */
  readonly hash: string
  readonly tagBits: number
  /** Encrypt-then-MAC. */
  readonly etm: boolean
}

export interface SshHostKey {
  readonly name: string
  /** "rsa", "dsa", "ec", "ed25519", "ed448"; "none" = authenticated by GSS-API (RFC 4462 §5). */
  readonly keyType: string
  /** Of the signature; null where the algorithm has no separate hash. */
  readonly hash: string | null
  readonly certificate: boolean
}

type Row = ({ use: 'kex' } & SshKex) | ({ use: 'cipher' } & SshCipher) | ({ use: 'mac' } & SshMac) | HostKeyRow
type HostKeyRow = { use: 'host_key' } & SshHostKey

const rows = readRows<Row>('ssh-algorithms.json')

function named<T extends { readonly name: string }>(use: Row['use']): ReadonlyMap<string, T> {
  return new Map(rows.filter((row) => row.use === use).map((row) => [row.name, row as unknown as T]))
}

const KEX = named<SshKex>('kex')
const CIPHERS = named<SshCipher>('cipher')
const MACS = named<SshMac>('mac')
const HOST_KEYS = named<SshHostKey>('host_key')

/** RFC 4462 §2.3: the name of a GSS-API method ends in a digest of the mechanism, in base 64. */
const GSS_MECHANISM = /^(gss-.+-)[A-Za-z0-9+/]+={0,2}$/

export const sshKex = (name: string): SshKex | null =>
  KEX.get(name) ?? KEX.get(name.replace(GSS_MECHANISM, '$1*')) ?? null

export const sshCipher = (name: string): SshCipher | null => CIPHERS.get(name) ?? null
export const sshMac = (name: string): SshMac | null => MACS.get(name) ?? null
export const sshHostKey = (name: string): SshHostKey | null => HOST_KEYS.get(name) ?? null

export const allSshNames = (use: Row['use']): readonly string[] =>
  rows.filter((row) => row.use === use).map(({ name }) => name)
