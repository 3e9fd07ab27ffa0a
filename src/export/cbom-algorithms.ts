/** Algorithms as CycloneDX 1.6 tells them apart: what each was seen to be, from IANA's registries. */
import { cipherSuite } from '../registry/cipher-suites.ts'
import { namedGroup } from '../registry/named-groups.ts'
import { sshCipher, sshHostKey, sshKex, sshMac } from '../registry/ssh-algorithms.ts'

/** The schema's words, as far as they are used. */
export interface Algorithm {
  readonly name: string
  readonly properties: {
    readonly primitive: string
    readonly parameterSetIdentifier?: string
    readonly curve?: string
    readonly mode?: string
    readonly classicalSecurityLevel?: number
    readonly nistQuantumSecurityLevel?: number
  }
}

const MODES: readonly (readonly [RegExp, string])[] = [
  [/CBC/i, 'cbc'],
  [/GCM/i, 'gcm'],
  [/CCM/i, 'ccm'],
  [/C(TR|NT)/i, 'ctr'],
  [/CFB/i, 'cfb'],
]

const modeOf = (name: string): { mode?: string } => {
  const mode = MODES.find(([pattern]) => pattern.test(name))?.[1]
  return mode === undefined ? {} : { mode }
}

/** NIST's categories (FIPS 203, 197): a key of 128 bits is as hard to search as AES-128, 1; of 192 bits 3; of 256 bits 5. */
const quantumOfKey = (bits: number): number => (bits >= 256 ? 5 : bits >= 192 ? 3 : bits >= 128 ? 1 : 0)

function cipherOf(name: string, bits: number, isAead: boolean, isStream: boolean): Algorithm {
  const primitive = isAead ? 'ae' : isStream ? 'stream-cipher' : 'block-cipher'
  return {
    name,
    properties: {
      primitive,
      ...modeOf(name),
      ...(bits === 0 ? {} : { parameterSetIdentifier: String(bits) }),
      classicalSecurityLevel: bits,
      nistQuantumSecurityLevel: quantumOfKey(bits),
    },
  }
}

/** Cipher, MAC, and how keys are agreed on and the server is authenticated where the suite says so. */
export function suiteAlgorithms(code: number): Algorithm[] {
  const suite = cipherSuite(code)
  if (suite === null) return []
  const { enc, bits, aead, mac, kx, auth } = suite
  return [
    ...(enc === 'NULL' ? [] : [cipherOf(enc.replaceAll('_', '-'), bits, aead, /^(RC4|CHACHA)/.test(enc))]),
    ...(mac === 'AEAD' || mac === 'NULL' ? [] : [{ name: `HMAC-${mac}`, properties: { primitive: 'mac' } }]),
    ...(kx === 'any' || kx === 'NULL'
      ? []
      : [{ name: kx, properties: { primitive: kx === 'RSA' ? 'pke' : 'key-agree' } }]),
    ...(/^(RSA|ECDSA|DSS)$/.test(auth) ? [{ name: auth, properties: { primitive: 'signature' } }] : []),
  ]
}

/** ML-KEM-512, -768 and -1024 are of categories 1, 3 and 5 (FIPS 203 §8). */
const KEM_CATEGORIES: Readonly<Record<number, number>> = { 512: 1, 768: 3, 1024: 5 }

export function groupAlgorithm(code: number): Algorithm | null {
  const group = namedGroup(code)
  if (group === null || group.kind === 'explicit') return null
  const { name, kind, bits, securityBits, postQuantum } = group
  const primitives = {
    ec: 'key-agree',
    ec_binary: 'key-agree',
    ff: 'key-agree',
    kem: 'kem',
    hybrid: 'combiner',
  } as const
  return {
    name,
    properties: {
      primitive: primitives[kind],
      ...(kind === 'ec' || kind === 'ec_binary' ? { curve: name } : { parameterSetIdentifier: String(bits) }),
      classicalSecurityLevel: securityBits,
      nistQuantumSecurityLevel: postQuantum ? (KEM_CATEGORIES[bits] ?? 1) : 0,
    },
  }
}

/** As negotiated; where the directions differ, both names stand in the field. */
export function sshAlgorithms(record: Readonly<Record<string, unknown>>): Algorithm[] {
  const of = (field: string, make: (name: string) => Algorithm): Algorithm[] => {
    const value = record[field]
    return typeof value === 'string' ? value.split(' ').map(make) : []
  }
  return [
    ...of('ssh_kex', kexOf),
    ...of('ssh_host_key', hostKeyOf),
    ...of('ssh_cipher', sshCipherOf),
    ...of('ssh_mac', macOf),
  ]
}

function kexOf(name: string): Algorithm {
  const kex = sshKex(name)
  if (kex === null) return { name, properties: { primitive: 'unknown' } }
  const primitive = kex.kind === 'hybrid' ? 'combiner' : kex.kind === 'rsa' ? 'pke' : 'key-agree'
  return {
    name,
    properties: {
      primitive,
      ...(kex.bits === 0 ? {} : { parameterSetIdentifier: String(kex.bits) }),
      ...(kex.securityBits === 0 ? {} : { classicalSecurityLevel: kex.securityBits }),
      nistQuantumSecurityLevel: kex.postQuantum ? (KEM_CATEGORIES[kex.bits] ?? 1) : 0,
    },
  }
}

const hostKeyOf = (name: string): Algorithm => ({
  name,
  properties: { primitive: sshHostKey(name) === null ? 'unknown' : 'signature' },
})

function sshCipherOf(name: string): Algorithm {
  const cipher = sshCipher(name)
  if (cipher === null) return { name, properties: { primitive: 'unknown' } }
  return cipherOf(name, cipher.bits, cipher.kind === 'aead', cipher.kind === 'stream')
}

const macOf = (name: string): Algorithm => ({
  name,
  properties: { primitive: sshMac(name) === null ? 'unknown' : 'mac' },
})

/** Of a certificate's key; null where it could not be read. */
export function keyAlgorithm(type: unknown, bits: unknown, curve: unknown): Algorithm | null {
  if (typeof type !== 'string') return null
  const quantum = { nistQuantumSecurityLevel: quantumOfSignature(type) }
  const upper = type.toUpperCase()
  const primitive = KEY_PRIMITIVES[type] ?? 'signature'
  if (typeof curve === 'string') return { name: `${upper}-${curve}`, properties: { primitive, curve, ...quantum } }
  const size = typeof bits === 'number' && bits > 0 ? String(bits) : null
  if (size === null) return { name: upper, properties: { primitive, ...quantum } }
  return { name: `${upper}-${size}`, properties: { primitive, parameterSetIdentifier: size, ...quantum } }
}

const KEY_PRIMITIVES: Readonly<Record<string, string>> = {
  rsa: 'pke',
  dh: 'key-agree',
  x25519: 'key-agree',
  x448: 'key-agree',
}

/** By which a certificate was signed; null where it could not be read. */
export function signatureAlgorithm(algorithm: unknown, hash: unknown): Algorithm | null {
  if (typeof algorithm !== 'string') return null
  const name = typeof hash === 'string' && !algorithm.includes(hash) ? `${algorithm}-${hash}` : algorithm
  const properties = { primitive: 'signature', nistQuantumSecurityLevel: quantumOfSignature(algorithm) }
  return { name: name.toUpperCase(), properties }
}

/** Categories of the parameter sets of ML-DSA (FIPS 204 §4) and SLH-DSA (FIPS 205 §11); 0 = a quantum computer breaks it. */
const QUANTUM_SIGNATURES: readonly (readonly [RegExp, number])[] = [
  [/^ml-dsa-44/, 2],
  [/^ml-dsa-65/, 3],
  [/^ml-dsa-87/, 5],
  [/^slh-dsa-.*128/, 1],
  [/^slh-dsa-.*192/, 3],
  [/^slh-dsa-.*256/, 5],
]

const quantumOfSignature = (name: string): number =>
  QUANTUM_SIGNATURES.find(([pattern]) => pattern.test(name))?.[1] ?? 0
