/** SSH protocol version 1: the server's keys and the client's choice; all that follows is encrypted. */
import type { FlowFacts, SshFacts } from '../core/facts.ts'
import {
  parseSsh1PublicKey,
  parseSsh1SessionKey,
  SSH1_LENGTH_BYTES,
  ssh1CipherName,
  ssh1PacketEnd,
} from '../wire/ssh1.ts'
import { CLIENT, type Direction, SERVER } from './dissector.ts'
import { settleSsh } from './ssh-progress.ts'
import type { SshState } from './ssh-state.ts'

/** Offset behind the packet at `at`; `at` itself to wait for more bytes. */
export function readSsh1Packet(
  state: SshState,
  facts: FlowFacts,
  direction: Direction,
  buf: Uint8Array,
  at: number,
  end: number,
): number {
  if (end - at < SSH1_LENGTH_BYTES) return at
  const side = state.side(direction)
  const next = ssh1PacketEnd(buf, at)
  if (next > end) return at
  const isRead =
    next > 0 && (direction === SERVER ? readPublicKey(facts, buf, at, next) : readSessionKey(facts, buf, at, next))
  if (!isRead) {
    facts.malformed += 1
    side.phase = 'lost'
    return end
  }
  // Each end's first packet is its last in the clear.
  side.phase = 'protected'
  if (direction === CLIENT) settleSsh(state, facts, false)
  return next
}

function readPublicKey(facts: FlowFacts, buf: Uint8Array, at: number, end: number): boolean {
  const key = parseSsh1PublicKey(buf, at, end)
  if (key === null) return false
  const ssh = facts.ssh as SshFacts
  ssh.version = 1
  ssh.hostKeyType = 'ssh-rsa1'
  ssh.hostKeyBits = key.hostKeyBits
  return true
}

function readSessionKey(facts: FlowFacts, buf: Uint8Array, at: number, end: number): boolean {
  const cipher = parseSsh1SessionKey(buf, at, end)
  if (cipher < 0) return false
  const ssh = facts.ssh as SshFacts
  ssh.version = 1
  ssh.cipherClient = ssh1CipherName(cipher)
  ssh.cipherServer = ssh.cipherClient
  return true
}
