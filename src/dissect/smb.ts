import { u8, u16le, u32, u32le } from '../core/bytes.ts'
import type { FlowFacts } from '../core/facts.ts'
import {
  dialectName,
  isReply,
  negotiatedCipher,
  SESSION_HEADER_BYTES,
  SESSION_MESSAGE,
  SMB1,
  SMB1_HEADER_BYTES,
  SMB2,
  SMB2_HEADER_BYTES,
  sessionLength,
  smb1Dialects,
  smbOpens,
  TRANSFORM,
} from '../wire/smb.ts'
import { tokenMechanism } from '../wire/windows-token.ts'
import { CLIENT, type Direction, SERVER } from './dissector.ts'
import { framed } from './framed.ts'
import type { Walked } from './messages.ts'

/** A Kerberos ticket in a session setup begins within this. */
const LOOK_BYTES = 1024
const MORE_PROCESSING_REQUIRED = 0xc0000016

interface SmbState extends Walked {
  /** Names that the client's SMB 1 NEGOTIATE listed. */
  offered: readonly string[]
  cipher: string | null
  sawNegotiate: boolean
  /** A share was asked for in the clear, and nothing else yet. */
  sawTree: boolean
  /** SMB 1: the server wants passwords as they are. */
  plainPasswords: boolean
  /** Bit a side: it sent something encrypted. */
  encrypted: number
}

/** Server Message Block over TCP or NetBIOS sessions, in any of its three versions. */
export const smb = framed<SmbState>({
  name: 'smb',
  about: {
    title: 'SMB 1, 2 and 3',
    source: '[MS-SMB2], [MS-CIFS]',
    reads: 'dialect, signing, encryption and its cipher; NTLM, Kerberos and outcome',
  },
  ports: [445, 139],
  probe(buf, at, end) {
    const answer = smbOpens(buf, at, end)
    return answer > 0 ? 'match' : answer === 0 ? 'unsure' : 'no_match'
  },
  opener(buf, at, end): Direction | null {
    const reply = isReply(buf, at, end)
    return reply === null ? null : reply ? SERVER : CLIENT
  },
  headerBytes: SESSION_HEADER_BYTES,
  length: sessionLength,
  lookBytes: LOOK_BYTES,
  start: () => ({
    done: false,
    messages: 0,
    offered: [],
    cipher: null,
    sawNegotiate: false,
    sawTree: false,
    plainPasswords: false,
    encrypted: 0,
  }),
  message(state, facts, direction, buf, at, end) {
    const p = at + SESSION_HEADER_BYTES
    if (buf[at] !== SESSION_MESSAGE || end - p < SMB1_HEADER_BYTES + 3) return
    const protocol = u32(buf, p)
    if (protocol === SMB1) readSmb1(state, facts, buf, p, end)
    else if (protocol === SMB2 && end - p >= SMB2_HEADER_BYTES) readSmb2(state, facts, buf, p, end)
    else if (protocol === TRANSFORM) readTransform(state, facts, direction)
  },
  finish(state, facts) {
    if (state.done) return
    if (state.encrypted !== 0) facts.protection = 'opaque'
    else if (state.sawTree && !facts.sawGap) facts.protection = 'cleartext'
  },
})

/** Application data that crosses as it is, signed or not. */
function showClear(state: SmbState, facts: FlowFacts, signed: boolean): void {
  facts.protection = 'cleartext'
  facts.protocolSecurity = signed ? 'signed' : 'none'
  state.done = true
}

function readTransform(state: SmbState, facts: FlowFacts, direction: Direction): void {
  state.encrypted |= 1 << direction
  if (state.encrypted !== 3) return
  facts.protection = state.sawNegotiate ? 'encrypted' : 'opaque'
  facts.protocolSecurity = state.cipher === null ? 'encrypted' : `encrypted-${state.cipher}`
  state.done = true
}

const NEGOTIATE = 0
const SESSION_SETUP = 1
const LOGOFF = 2
const TREE_CONNECT = 3
const TREE_DISCONNECT = 4
const IOCTL = 11
const CANCEL = 12
const ECHO = 13
/** Say nothing of what is on a share; an IOCTL may be the check of the negotiation ([MS-SMB2] §2.2.31.4). */
const ADMINISTRATIVE: readonly number[] = [LOGOFF, TREE_DISCONNECT, IOCTL, CANCEL, ECHO]
const SIGNED = 8

function readSmb2(state: SmbState, facts: FlowFacts, buf: Uint8Array, at: number, end: number): void {
  const command = u16le(buf, at + 12)
  const flags = u32le(buf, at + 16)
  const reply = (flags & 1) !== 0
  const body = at + SMB2_HEADER_BYTES
  if (command === NEGOTIATE) {
    if (!reply || end - body < 6) return
    facts.protocolVersion = dialectName(u16le(buf, body + 4)) ?? facts.protocolVersion
    state.cipher = negotiatedCipher(buf, at, end)
    state.sawNegotiate = true
  } else if (command === SESSION_SETUP) {
    if (reply) noteOutcome(facts, u32le(buf, at + 8))
    else noteMechanism(facts, buf, body, end)
  } else if (command === TREE_CONNECT) state.sawTree = true
  else if (!ADMINISTRATIVE.includes(command)) showClear(state, facts, (flags & SIGNED) !== 0)
}

function noteMechanism(facts: FlowFacts, buf: Uint8Array, at: number, end: number): void {
  const mechanism = tokenMechanism(buf, at, end)
  if (mechanism !== null) facts.authenticatedBy(mechanism)
}

function noteOutcome(facts: FlowFacts, status: number): void {
  if (status !== MORE_PROCESSING_REQUIRED) facts.authOutcome = status === 0 ? 'success' : 'failure'
}

const SMB1_NEGOTIATE = 0x72
const SMB1_SESSION_SETUP = 0x73
const SMB1_SIGNED = 0x04
const ENCRYPT_PASSWORDS = 0x02

function readSmb1(state: SmbState, facts: FlowFacts, buf: Uint8Array, at: number, end: number): void {
  const command = u8(buf, at + 4)
  const reply = (u8(buf, at + 9) & 0x80) !== 0
  const wordCount = u8(buf, at + SMB1_HEADER_BYTES)
  const words = at + SMB1_HEADER_BYTES + 1
  if (end - words < 2 * wordCount) return
  if (command === SMB1_NEGOTIATE) {
    if (!reply) state.offered = smb1Dialects(buf, at, end)
    else if (wordCount > 0) readSmb1Choice(state, facts, buf, words, wordCount)
  } else if (command === SMB1_SESSION_SETUP) {
    if (reply) noteOutcome(facts, u32le(buf, at + 5))
    else readSmb1Setup(state, facts, buf, words, wordCount, end)
  } else showClear(state, facts, (u8(buf, at + 10) & SMB1_SIGNED) !== 0)
}

/** [MS-CIFS] §2.2.4.52.2: DialectIndex, and from LANMAN 1.0 on SecurityMode. */
function readSmb1Choice(state: SmbState, facts: FlowFacts, buf: Uint8Array, words: number, wordCount: number): void {
  facts.protocolVersion = state.offered[u16le(buf, words)] ?? facts.protocolVersion
  state.plainPasswords = wordCount >= 13 && (u8(buf, words + 2) & ENCRYPT_PASSWORDS) === 0
  state.sawNegotiate = true
}

/** [MS-CIFS] §2.2.4.53.1: 13 words with two responses; [MS-SMB] §2.2.4.6.1: 12 words with a token. */
function readSmb1Setup(
  state: SmbState,
  facts: FlowFacts,
  buf: Uint8Array,
  words: number,
  wordCount: number,
  end: number,
): void {
  if (wordCount === 12) noteMechanism(facts, buf, words + 2 * wordCount + 2, end)
  if (wordCount !== 13) return
  const oem = u16le(buf, words + 14)
  const unicode = u16le(buf, words + 16)
  if (oem <= 1 && unicode <= 1) facts.authenticatedBy('anonymous')
  else if (state.plainPasswords) {
    facts.authenticatedBy('password')
    facts.expose('smb-password')
    facts.protection = 'cleartext'
  } else facts.authenticatedBy(unicode > 24 ? 'ntlmv2' : 'ntlmv1')
}
