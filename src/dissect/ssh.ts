/** SSH on any port: both ends' identification and offers, and the exchange up to the packets that take the new keys. */
import { type FlowFacts, SshFacts } from '../core/facts.ts'
import { sshKex } from '../registry/ssh-algorithms.ts'
import { MAX_BANNER_BYTES, parseSshBanner, sshVersion } from '../wire/ssh-banner.ts'
import { isWrongGuess } from '../wire/ssh-kexinit.ts'
import {
  gexPrimeBits,
  isSshPacket,
  parseSshHostKey,
  SSH_PACKET_HEADER_BYTES,
  SshMessage,
  sshMessageNumber,
  sshPacketEnd,
  sshPayloadEnd,
} from '../wire/ssh-packet.ts'
import { CLIENT, type Direction, type Dissector, type Probe, SERVER } from './dissector.ts'
import { noteAgreement, sshOffer } from './ssh-kex.ts'
import { settleSsh } from './ssh-progress.ts'
import { SshState } from './ssh-state.ts'
import { readSsh1Packet } from './ssh1.ts'

/** Lines that a server sends before its identification string (RFC 4253 §4.2). */
const MAX_EARLY_BYTES = 16 * 1024
/** Packets behind KEXINIT in the clear; the longest exchange (GSS-API, RFC 4462) takes few more than a dozen. */
const MAX_KEX_PACKETS = 64
/** Segments of protected bytes after which the other direction is taken not to come any more. */
const MAX_ONE_SIDED_READS = 16
const LF = 0x0a

export const ssh: Dissector<SshState> = {
  name: 'ssh',
  transport: 'tcp',
  about: {
    title: 'SSH',
    source: 'RFC 4253',
    reads: 'both identifications and offers, what was agreed, strict key exchange, HASSH, host key; version 1',
  },
  ports: [22, 2222, 830],

  probe(buf, at, end): Probe {
    const banner = parseSshBanner(buf, at, end)
    if (banner.kind === 'incomplete') return 'unsure'
    return banner.kind === 'message' ? 'match' : 'no_match'
  },

  start(facts): SshState {
    facts.appProtocol ??= 'ssh'
    facts.ssh = new SshFacts()
    return new SshState()
  },

  feed(state, facts, direction, buf, at, end): number {
    state.side(direction).fed = true
    let p = at
    while (p < end && !state.done) {
      const next = readNext(state, facts, direction, buf, p, end)
      if (next === p) break
      p = next
    }
    return state.done ? Math.max(p, end) - at : p - at
  },

  gap(state, facts, direction): void {
    facts.sawGap = true
    const side = state.side(direction)
    // Behind lost bytes a packet could begin anywhere; what is protected stays so.
    if (side.phase !== 'protected') side.phase = 'lost'
  },

  finish(state, facts): void {
    settleSsh(state, facts, true)
    state.done = true
  },
}

/** Offset behind what lies at `at`; `at` itself to wait for more bytes. */
function readNext(
  state: SshState,
  facts: FlowFacts,
  direction: Direction,
  buf: Uint8Array,
  at: number,
  end: number,
): number {
  const side = state.side(direction)
  switch (side.phase) {
    case 'banner':
      return readBanner(state, facts, direction, buf, at, end)
    case 'packets':
      if (end - at <= SSH_PACKET_HEADER_BYTES) return at
      return isVersion1(state, buf, at)
        ? readSsh1Packet(state, facts, direction, buf, at, end)
        : readPacket(state, facts, direction, buf, at, end)
    case 'protected':
      side.protectedReads += 1
      settleSsh(state, facts, side.protectedReads > MAX_ONE_SIDED_READS)
      return end
    case 'over':
    case 'lost':
      return end
  }
}

/** With one end's identification alone an end of version 1.99 leaves it open: then the packet's shape tells. */
function isVersion1(state: SshState, buf: Uint8Array, at: number): boolean {
  const [client, server] = [state.sides[CLIENT].banner, state.sides[SERVER].banner]
  if (sshVersion(client, server) !== 2) return true
  const isOpen = (client === null || server === null) && (client ?? server)?.major === 1
  return isOpen && !(isSshPacket(buf, at) && sshMessageNumber(buf, at) === SshMessage.KEXINIT)
}

function readBanner(
  state: SshState,
  facts: FlowFacts,
  direction: Direction,
  buf: Uint8Array,
  at: number,
  end: number,
): number {
  const side = state.side(direction)
  const banner = parseSshBanner(buf, at, end)
  if (banner.kind === 'message') {
    side.banner = banner.value
    side.phase = 'packets'
    noteBanners(state, facts)
    return banner.end
  }
  if (banner.kind === 'incomplete' && end - at < MAX_BANNER_BYTES) return at
  // A packet begins with the high byte of a length, which no line does.
  if (buf[at] === 0) {
    side.phase = 'packets'
    return readNext(state, facts, direction, buf, at, end)
  }
  return passLine(state, facts, direction, buf, at, end)
}

function passLine(
  state: SshState,
  facts: FlowFacts,
  direction: Direction,
  buf: Uint8Array,
  at: number,
  end: number,
): number {
  const side = state.side(direction)
  if (direction === CLIENT || side.passed + end - at > MAX_EARLY_BYTES) return loseTrack(state, facts, direction, end)
  let lineEnd = at
  while (lineEnd < end && buf[lineEnd] !== LF) lineEnd++
  if (lineEnd === end) return at
  side.passed += lineEnd + 1 - at
  return lineEnd + 1
}

function loseTrack(state: SshState, facts: FlowFacts, direction: Direction, end: number): number {
  facts.malformed += 1
  state.side(direction).phase = 'lost'
  return end
}

function noteBanners(state: SshState, facts: FlowFacts): void {
  const [client, server] = [state.sides[CLIENT].banner, state.sides[SERVER].banner]
  const told = sshFacts(facts)
  told.clientSoftware = client?.text ?? null
  told.serverSoftware = server?.text ?? null
  if (client !== null && server !== null) told.version = sshVersion(client, server)
}

const sshFacts = (facts: FlowFacts): SshFacts => facts.ssh as SshFacts

function readPacket(
  state: SshState,
  facts: FlowFacts,
  direction: Direction,
  buf: Uint8Array,
  at: number,
  end: number,
): number {
  if (!isSshPacket(buf, at)) return loseTrack(state, facts, direction, end)
  const next = sshPacketEnd(buf, at)
  if (next > end) return at
  const side = state.side(direction)
  const payloadAt = at + SSH_PACKET_HEADER_BYTES
  const payloadEnd = sshPayloadEnd(buf, at)
  switch (sshMessageNumber(buf, at)) {
    case SshMessage.KEXINIT:
      return readKexInit(state, facts, direction, buf, payloadAt, payloadEnd)
        ? next
        : loseTrack(state, facts, direction, end)
    case SshMessage.NEWKEYS:
      if (side.offer === null) return loseTrack(state, facts, direction, end)
      side.phase = 'protected'
      settleSsh(state, facts, false)
      return next
    case SshMessage.DISCONNECT:
      side.phase = 'over'
      return end
    default:
      side.packets += 1
      if (side.packets > MAX_KEX_PACKETS) return loseTrack(state, facts, direction, end)
      if (direction === SERVER) readReply(state, facts, buf, at, payloadAt, payloadEnd)
      return next
  }
}

function readKexInit(
  state: SshState,
  facts: FlowFacts,
  direction: Direction,
  buf: Uint8Array,
  at: number,
  end: number,
): boolean {
  const side = state.side(direction)
  const offer = side.offer === null ? sshOffer(buf, at, end, direction) : null
  if (offer === null) return false
  side.offer = offer
  const told = sshFacts(facts)
  told.version ||= 2
  if (direction === CLIENT) told.hassh = offer.hassh
  else told.hasshServer = offer.hassh
  const [client, server] = [state.sides[CLIENT].offer, state.sides[SERVER].offer]
  if (client !== null && server !== null) noteAgreement(told, client.kexInit, server.kexInit)
  return true
}

/** What the server says in the exchange: the prime of a group exchange, and its host key. */
function readReply(
  state: SshState,
  facts: FlowFacts,
  buf: Uint8Array,
  packetAt: number,
  at: number,
  end: number,
): void {
  const told = sshFacts(facts)
  const method = told.kex === null ? null : sshKex(told.kex)
  // GSS-API's exchange has messages of its own (RFC 4462 §2.1).
  if (method === null || method.name.startsWith('gss-') || isGuessToIgnore(state)) return
  const number = sshMessageNumber(buf, packetAt)
  if (method.kind === 'dh_gex' && number === SshMessage.KEX_31) told.dhBits = gexPrimeBits(buf, at + 1, end)
  if (number !== HOST_KEY_IN[method.kind]) return
  const key = parseSshHostKey(buf, at + 1, end)
  if (key === null) return
  told.hostKeyType = key.type
  told.hostKeyBits = key.bits
}

/** The message that carries K_S: RFC 4253 §8 and all that follow it, RFC 4419 §3, RFC 4432 §4. */
const HOST_KEY_IN = {
  dh: SshMessage.KEX_31,
  ecdh: SshMessage.KEX_31,
  hybrid: SshMessage.KEX_31,
  dh_gex: SshMessage.KEX_33,
  rsa: SshMessage.KEX_30,
} as const

function isGuessToIgnore(state: SshState): boolean {
  const [client, server] = [state.sides[CLIENT].offer, state.sides[SERVER].offer]
  if (client === null || server === null || state.sides[SERVER].packets > 1) return false
  return isWrongGuess(server.kexInit, client.kexInit)
}
