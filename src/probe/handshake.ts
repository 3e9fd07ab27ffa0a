/** One handshake with one endpoint. The peer is read, never trusted: nothing is sent after it, and nothing it says is believed. */
import { createHash } from 'node:crypto'
import { connect, type Socket } from 'node:net'
import {
  type ConnectionOptions,
  connect as connectTls,
  createSecureContext,
  type DetailedPeerCertificate,
  type SecureContext,
} from 'node:tls'
import { allCipherSuites } from '../registry/cipher-suites.ts'
import { Dialogue } from './dialogue.ts'
import { serverSecretIn } from './opened-handshake.ts'
import { TappedSocket } from './tapped-socket.ts'
import type { ProbeTarget } from './target.ts'
import { UPGRADES } from './upgrades.ts'

/** Why there was no handshake; 'handshake' = there was one. */
export const OUTCOMES = ['handshake', 'unreachable', 'timeout', 'no_upgrade', 'refused'] as const
export type Outcome = (typeof OUTCOMES)[number]

export interface Handshake {
  readonly outcome: Outcome
  /** IANA; null without a handshake. */
  readonly version: number | null
  /** IANA; null without a handshake. */
  readonly suite: number | null
  /** As the library writes it; null without a handshake. */
  readonly suiteName: string | null
  /** As they were sent; where that could not be read, the leaf first, then each one's issuer among those sent. */
  readonly certificates: readonly ProbedCertificate[]
  /** The OCSP response that came with the leaf; null = none was stapled. */
  readonly staple: Uint8Array | null
}

export interface ProbedCertificate {
  readonly fingerprint: string
  readonly der: Uint8Array
}

export type TlsWishes = Pick<ConnectionOptions, 'minVersion' | 'maxVersion' | 'ciphers'>

/** As of the wire's reader: a longer chain is no chain. */
const MAX_CHAIN = 64

const VERSIONS: Readonly<Record<string, number>> = {
  TLSv1: 0x0301,
  'TLSv1.1': 0x0302,
  'TLSv1.2': 0x0303,
  'TLSv1.3': 0x0304,
}

export const NO_HANDSHAKE = { version: null, suite: null, suiteName: null, certificates: [], staple: null }

const CODES = new Map(allCipherSuites().map(({ name, code }) => [name, code]))

/** Connects to the address of the target and nowhere else: names are sent, not looked up. Never throws. */
export async function handshake(target: ProbeTarget, wishes: TlsWishes, timeoutMs: number): Promise<Handshake> {
  return withUpgraded(target, timeoutMs, (socket) => greet(socket, target, wishes))
}

/** Connects, asks for TLS where the protocol needs it, and always closes. */
export async function withUpgraded(
  target: ProbeTarget,
  timeoutMs: number,
  use: (socket: Socket) => Promise<Handshake>,
): Promise<Handshake> {
  const socket = connect({ host: target.server_ip, port: target.server_port, autoSelectFamily: false })
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<Handshake>((resolve) => {
    timer = setTimeout(() => resolve({ outcome: 'timeout', ...NO_HANDSHAKE }), timeoutMs)
  })
  try {
    return await Promise.race([late, upgraded(socket, target, use)])
  } finally {
    clearTimeout(timer)
    socket.destroy()
  }
}

async function upgraded(
  socket: Socket,
  target: ProbeTarget,
  use: (socket: Socket) => Promise<Handshake>,
): Promise<Handshake> {
  // Errors that come when all is over belong to nobody.
  socket.on('error', () => undefined)
  const isOpen = await new Promise<boolean>((resolve) => {
    socket.once('connect', () => resolve(true))
    socket.once('close', () => resolve(false))
  })
  if (!isOpen) return { outcome: 'unreachable', ...NO_HANDSHAKE }
  const upgrade = UPGRADES[target.protocol]
  if (upgrade !== undefined) {
    const dialogue = new Dialogue(socket)
    const isGranted = await upgrade(dialogue, target)
    dialogue.end()
    if (!isGranted) return { outcome: 'no_upgrade', ...NO_HANDSHAKE }
  }
  return use(socket)
}

function greet(socket: Socket, { server_name }: ProbeTarget, wishes: TlsWishes): Promise<Handshake> {
  const secureContext = contextOf(wishes)
  // All that the library could do has been left out.
  if (secureContext === null) return Promise.resolve({ outcome: 'refused', ...NO_HANDSHAKE })
  return new Promise((resolve) => {
    const tapped = new TappedSocket(socket)
    let staple: Uint8Array | null = null
    const options: ConnectionOptions & { readonly requestOCSP: boolean } = {
      socket: tapped,
      secureContext,
      requestOCSP: true,
      // What is seen is judged later; here it is only read.
      rejectUnauthorized: false,
      ...(server_name === '' ? {} : { servername: server_name }),
    }
    const peer = connectTls(options)
    peer.once('OCSPResponse', (response: Buffer | null) => {
      staple = response
    })
    let secret: Buffer | null = null
    peer.on('keylog', (line: Buffer) => {
      secret = serverSecretIn(line.toString('latin1')) ?? secret
    })
    peer.once('secureConnect', () => {
      const opened = secret === null ? null : { suite: peer.getCipher().standardName, secret }
      resolve({
        outcome: 'handshake',
        version: VERSIONS[peer.getProtocol() ?? ''] ?? null,
        suite: CODES.get(peer.getCipher().standardName) ?? null,
        suiteName: peer.getCipher().name,
        certificates: tapped.certificatesSent(opened) ?? chainOf(peer.getPeerCertificate(true)),
        staple,
      })
      peer.destroy()
    })
    peer.once('error', () => resolve({ outcome: 'refused', ...NO_HANDSHAKE }))
    peer.once('close', () => resolve({ outcome: 'refused', ...NO_HANDSHAKE }))
  })
}

/** Whatever the library can still do: a probe finds out what a server takes, it protects nothing. */
const WILLING = { minVersion: 'TLSv1', maxVersion: 'TLSv1.3' } as const

const TLS13_SUITES = [
  'TLS_AES_256_GCM_SHA384',
  'TLS_CHACHA20_POLY1305_SHA256',
  'TLS_AES_128_GCM_SHA256',
  'TLS_AES_128_CCM_SHA256',
]

/** In the library's language: everything but these. */
export function offering(without: readonly string[]): string {
  const newer = TLS13_SUITES.filter((name) => !without.includes(name))
  const older = without.filter((name) => !name.startsWith('TLS_')).map((name) => `!${name}`)
  return [...newer, 'ALL', 'COMPLEMENTOFALL', ...older, '@SECLEVEL=0'].join(':')
}

function contextOf(wishes: TlsWishes): SecureContext | null {
  try {
    // Without roots of its own, the library tells of the certificates that were sent and adds none.
    return createSecureContext({ ca: [], ...WILLING, ciphers: offering([]), ...wishes })
  } catch {
    return null
  }
}

function chainOf(leaf: DetailedPeerCertificate): ProbedCertificate[] {
  const chain = new Map<string, ProbedCertificate>()
  let at: DetailedPeerCertificate | undefined = leaf
  while (at?.raw !== undefined && chain.size < MAX_CHAIN) {
    const fingerprint = createHash('sha256').update(at.raw).digest('hex')
    if (chain.has(fingerprint)) break
    chain.set(fingerprint, { fingerprint, der: at.raw })
    at = at.issuerCertificate
  }
  return [...chain.values()]
}
