/** SSH_MSG_KEXINIT, and what two of them agree on (RFC 4253 §7.1). */
import { copyLatin1, u8, u32 } from '../core/bytes.ts'
import { malformed, message, type Parsed } from '../core/result.ts'
import { SshMessage } from './ssh-packet.ts'

/** The name-lists as they were sent, comma-separated, in the order of the message. */
export interface SshKexInit {
  readonly kexAlgorithms: string
  readonly serverHostKeyAlgorithms: string
  readonly encryptionClientToServer: string
  readonly encryptionServerToClient: string
  readonly macClientToServer: string
  readonly macServerToClient: string
  readonly compressionClientToServer: string
  readonly compressionServerToClient: string
  /** A packet of the sender's guessed method comes right behind. */
  readonly firstKexPacketFollows: boolean
}

const COOKIE_BYTES = 16
const LISTS = 10
const LENGTH_BYTES = 4
/** first_kex_packet_follows and the reserved uint32. */
const TAIL_BYTES = 5
/** Twice what RFC 4251 §6 allows a name. */
const MAX_NAME_BYTES = 128

/** Where the name-lists begin in the payload at `at`: what comes before differs from message to message. */
export const kexInitListsAt = (at: number): number => at + 1 + COOKIE_BYTES

/** A whole payload between `at` and `end`. */
export function parseSshKexInit(buf: Uint8Array, at: number, end: number): Parsed<SshKexInit> {
  let p = kexInitListsAt(at)
  if (p > end || u8(buf, at) !== SshMessage.KEXINIT) return malformed('bad_value', at)
  const lists: string[] = []
  for (let i = 0; i < LISTS; i++) {
    const textAt = p + LENGTH_BYTES
    if (textAt > end) return malformed('bad_length', p)
    const textEnd = textAt + u32(buf, p)
    if (textEnd > end) return malformed('bad_length', p)
    if (!isNameList(buf, textAt, textEnd)) return malformed('bad_value', textAt)
    lists.push(copyLatin1(buf, textAt, textEnd))
    p = textEnd
  }
  // Bytes left over change nothing of what was said.
  if (end - p < TAIL_BYTES) return malformed('bad_length', p)
  const list = (n: number): string => lists[n] as string
  return message(
    {
      kexAlgorithms: list(0),
      serverHostKeyAlgorithms: list(1),
      encryptionClientToServer: list(2),
      encryptionServerToClient: list(3),
      macClientToServer: list(4),
      macServerToClient: list(5),
      compressionClientToServer: list(6),
      compressionServerToClient: list(7),
      firstKexPacketFollows: u8(buf, p) !== 0,
    },
    end,
  )
}

/** RFC 4251 §5 and §6: names are printable US-ASCII without spaces. */
function isNameList(buf: Uint8Array, at: number, end: number): boolean {
  for (let p = at; p < end; p++) if (u8(buf, p) < 0x21 || u8(buf, p) > 0x7e) return false
  return true
}

/** Names in kex_algorithms that say what an end can do, and are no method (RFC 8308 §2.1, OpenSSH's PROTOCOL, Dropbear). */
const STRICT_CLIENT = 'kex-strict-c-v00@openssh.com'
const STRICT_SERVER = 'kex-strict-s-v00@openssh.com'
const NOT_METHODS = new Set(['ext-info-c', 'ext-info-s', STRICT_CLIENT, STRICT_SERVER, 'kexguess2@matt.ucc.asn.au'])

/** What the two ends' messages lead to; null = they have nothing in common, and the connection ends. */
export interface SshChoice {
  readonly kex: string | null
  readonly hostKey: string | null
  readonly cipherClient: string | null
  readonly cipherServer: string | null
  readonly macClient: string | null
  readonly macServer: string | null
  /** Both ends promise to count every packet of the exchange: no Terrapin (CVE-2023-48795). */
  readonly strictKex: boolean
}

/** The first of the client's names that the server knows too, list by list. */
export const negotiateSsh = (client: SshKexInit, server: SshKexInit): SshChoice => ({
  kex: firstCommon(client.kexAlgorithms, server.kexAlgorithms),
  hostKey: firstCommon(client.serverHostKeyAlgorithms, server.serverHostKeyAlgorithms),
  cipherClient: firstCommon(client.encryptionClientToServer, server.encryptionClientToServer),
  cipherServer: firstCommon(client.encryptionServerToClient, server.encryptionServerToClient),
  macClient: firstCommon(client.macClientToServer, server.macClientToServer),
  macServer: firstCommon(client.macServerToClient, server.macServerToClient),
  strictKex: names(client.kexAlgorithms).includes(STRICT_CLIENT) && names(server.kexAlgorithms).includes(STRICT_SERVER),
})

/**
 * Is the packet that a sender sent on a guess to be ignored? The guess is right when both ends prefer the same method
 * and the same kind of host key.
 */
export const isWrongGuess = (guesser: SshKexInit, other: SshKexInit): boolean =>
  guesser.firstKexPacketFollows &&
  (names(guesser.kexAlgorithms)[0] !== names(other.kexAlgorithms)[0] ||
    names(guesser.serverHostKeyAlgorithms)[0] !== names(other.serverHostKeyAlgorithms)[0])

const names = (list: string): readonly string[] => list.split(',')

function firstCommon(client: string, server: string): string | null {
  const known = new Set(names(server))
  const isChoice = (name: string): boolean =>
    name !== '' && name.length <= MAX_NAME_BYTES && known.has(name) && !NOT_METHODS.has(name)
  return names(client).find(isChoice) ?? null
}
