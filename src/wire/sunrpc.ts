/** ONC RPC version 2 (RFC 5531): calls and replies, over datagrams and in records over TCP. */
import { u8, u32 } from '../core/bytes.ts'

export const RECORD_MARK_BYTES = 4
const CALL = 0
const REPLY = 1
const RPC_VERSION = 2
/** xid, type, version, program, its version, procedure, and two empty credentials of eight bytes. */
const MIN_CALL_BYTES = 40
/** xid, type, denied, why, and the reason of that. */
const MIN_DENIED_BYTES = 20
/** xid, type, accepted, an empty verifier, its outcome. */
const MIN_REPLY_BYTES = 24
const MAX_AUTH_BYTES = 400
const MAX_ACCEPT_STAT = 5
/** Ranges of program numbers (RFC 5531 §8.4). */
const FIRST_USER_PROGRAM = 0x20000000
const LAST_PROGRAM = 0x60000000

export const AUTH_NONE = 0
export const AUTH_SYS = 1
export const RPCSEC_GSS = 6
/** RFC 9289 §4.1. */
export const AUTH_TLS = 7
const FLAVORS: readonly number[] = [AUTH_NONE, AUTH_SYS, 2, 3, 4, 5, RPCSEC_GSS, AUTH_TLS, 390039]

export const isCall = (buf: Uint8Array, at: number): boolean => u32(buf, at + 4) === CALL
export const xid = (buf: Uint8Array, at: number): number => u32(buf, at)
export const program = (buf: Uint8Array, at: number): number => u32(buf, at + 12)
export const programVersion = (buf: Uint8Array, at: number): number => u32(buf, at + 16)
export const procedure = (buf: Uint8Array, at: number): number => u32(buf, at + 20)
export const flavor = (buf: Uint8Array, at: number): number => u32(buf, at + 24)
/** Offset of what a call's credential holds. */
export const credential = (at: number): number => at + 32
/** Of a reply: its verifier. */
export const verifierFlavor = (buf: Uint8Array, at: number): number => u32(buf, at + 12)
export const verifierBytes = (buf: Uint8Array, at: number): number => u32(buf, at + 16)
export const verifier = (at: number): number => at + 20
export const isAccepted = (buf: Uint8Array, at: number): boolean => u32(buf, at + 8) === 0

/** 1 = a call or reply stands at `at`, 0 = it may, -1 = not so. `length` = its bytes, seen or not. */
export function rpcFits(buf: Uint8Array, at: number, end: number, length: number): number {
  if (length < MIN_DENIED_BYTES || (length & 3) !== 0) return -1
  for (let i = at + 4; i < Math.min(end, at + 7); i++) if (buf[i] !== 0) return -1
  if (end - at < 8) return 0
  if (u32(buf, at + 4) === CALL) return callFits(buf, at, end, length)
  return u32(buf, at + 4) === REPLY ? replyFits(buf, at, end, length) : -1
}

function callFits(buf: Uint8Array, at: number, end: number, length: number): number {
  if (length < MIN_CALL_BYTES) return -1
  if (end - at < 12) return 0
  if (u32(buf, at + 8) !== RPC_VERSION) return -1
  if (end - at < 32) return 0
  const known = program(buf, at)
  if (known < 100_000 || known >= LAST_PROGRAM || programVersion(buf, at) > 4096 || procedure(buf, at) > 1024) return -1
  // rpcinfo asks for version 0 to be told which there are. An unsynchronised NTP client looks like that, too.
  if (programVersion(buf, at) === 0 && known >= FIRST_USER_PROGRAM) return -1
  const bytes = u32(buf, at + 28)
  return FLAVORS.includes(flavor(buf, at)) && authFits(bytes, length - MIN_CALL_BYTES) ? 1 : -1
}

function replyFits(buf: Uint8Array, at: number, end: number, length: number): number {
  if (end - at < 12) return 0
  const status = u32(buf, at + 8)
  // Denied: RPC_MISMATCH with two versions, or AUTH_ERROR with its reason.
  if (status === 1) return end - at < 16 ? 0 : u32(buf, at + 12) <= 1 && length <= MIN_REPLY_BYTES ? 1 : -1
  if (status !== 0 || length < MIN_REPLY_BYTES) return -1
  if (end - at < 20) return 0
  const bytes = verifierBytes(buf, at)
  if (!FLAVORS.includes(verifierFlavor(buf, at)) || !authFits(bytes, length - MIN_REPLY_BYTES)) return -1
  const outcome = verifier(at) + bytes
  return end - outcome < 4 ? 0 : u32(buf, outcome) <= MAX_ACCEPT_STAT ? 1 : -1
}

const authFits = (bytes: number, room: number): boolean => bytes <= MAX_AUTH_BYTES && (bytes & 3) === 0 && bytes <= room

/** Bytes of the record fragment at `at`, its mark included (RFC 5531 §11). */
export const fragmentLength = (buf: Uint8Array, at: number): number => RECORD_MARK_BYTES + (u32(buf, at) & 0x7fffffff)
export const isLastFragment = (buf: Uint8Array, at: number): boolean => u8(buf, at) >> 7 === 1

const PROGRAMS: Readonly<Record<number, string>> = {
  100000: 'portmap',
  100003: 'nfs',
  100004: 'ypserv',
  100005: 'mount',
  100021: 'nlockmgr',
  100024: 'status',
  100227: 'nfs_acl',
  14398633: 'glusterfs-handshake',
  1298437: 'glusterfs',
}
/** "nfs 4", or the number of a program that has no name here. */
export const programName = (buf: Uint8Array, at: number): string =>
  `${PROGRAMS[program(buf, at)] ?? program(buf, at)} ${programVersion(buf, at)}`
