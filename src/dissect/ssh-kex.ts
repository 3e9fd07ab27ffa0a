/** From KEXINIT messages to facts: what an end offers, of which few are in use at a time, and what the two agree on. */
import { hashBytes } from '../core/bytes.ts'
import type { SshFacts } from '../core/facts.ts'
import { sshCipher } from '../registry/ssh-algorithms.ts'
import { hassh, hasshServer } from '../wire/hassh.ts'
import { kexInitListsAt, negotiateSsh, parseSshKexInit, type SshKexInit } from '../wire/ssh-kexinit.ts'
import { CLIENT, type Direction } from './dissector.ts'
import { ByteCache } from './tls-cache.ts'

const MAX_OFFERS = 4096
const MAX_OFFER_BYTES = 8 * 1024 * 1024

export interface SshOffer {
  readonly kexInit: SshKexInit
  /** HASSH as the role has it that sent it. */
  readonly hassh: string
}

const offers = [
  new ByteCache<SshOffer>(MAX_OFFERS, MAX_OFFER_BYTES),
  new ByteCache<SshOffer>(MAX_OFFERS, MAX_OFFER_BYTES),
] as const

/** The offer in the payload between `at` and `end`; null when it is malformed. */
export function sshOffer(buf: Uint8Array, at: number, end: number, sender: Direction): SshOffer | null {
  const listsAt = Math.min(kexInitListsAt(at), end)
  const hash = hashBytes(buf, listsAt, end)
  const known = offers[sender].find(hash, buf, listsAt, end)
  if (known !== undefined) return known
  const parsed = parseSshKexInit(buf, at, end)
  if (parsed.kind !== 'message') return null
  const kexInit = parsed.value
  const offer = { kexInit, hassh: sender === CLIENT ? hassh(kexInit) : hasshServer(kexInit) }
  offers[sender].add(hash, buf.slice(listsAt, end), offer)
  return offer
}

/** Writes what the two offers lead to. Nothing, where some list has nothing in common: then the connection ends. */
export function noteAgreement(ssh: SshFacts, client: SshKexInit, server: SshKexInit): void {
  const choice = negotiateSsh(client, server)
  const { kex, hostKey, cipherClient, cipherServer } = choice
  if (kex === null || hostKey === null || cipherClient === null || cipherServer === null) return
  const [ownClient, ownServer] = [bringsIntegrity(cipherClient), bringsIntegrity(cipherServer)]
  if ((choice.macClient === null && !ownClient) || (choice.macServer === null && !ownServer)) return
  ssh.kex = kex
  ssh.hostKey = hostKey
  ssh.cipherClient = cipherClient
  ssh.cipherServer = cipherServer
  ssh.macClient = ownClient ? null : choice.macClient
  ssh.macServer = ownServer ? null : choice.macServer
  ssh.strictKex = choice.strictKex
}

const bringsIntegrity = (cipher: string): boolean => sshCipher(cipher)?.kind === 'aead'
