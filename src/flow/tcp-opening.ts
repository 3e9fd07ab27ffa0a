import { ACK, FIN, type PacketMeta, PROTO_TCP, RST, SYN } from '../decode/packet-meta.ts'
import * as flow from './flow-flags.ts'
import type { FlowTable } from './flow-table.ts'

const synBit = (side: number): number => (side === flow.LOW ? flow.SYN_LOW : flow.SYN_HIGH)

/**
 * Does a SYN on a known 5-tuple open a connection of its own (port reuse, RFC 9293 §3.6.1), rather than repeat the
 * one we have? A repeated SYN carries the same initial sequence number.
 */
export function startsNewConnection(table: FlowTable, index: number, m: PacketMeta): boolean {
  const flags = table.flagsOf(index)
  const side = table.side
  if ((flags & synBit(side)) !== 0) return table.isnOf(index, side) !== m.seq
  // The SYN-ACK overtook the SYN: it acknowledges exactly this one.
  if ((m.tcpFlags & ACK) === 0 && (flags & synBit(1 - side)) !== 0) return false
  if ((m.tcpFlags & ACK) !== 0) return flow.isClosed(flags)
  // Packets of an older connection, picked up in the middle, came before.
  return true
}

/** Takes orientation, initial sequence number and the start of the round trip from a SYN or SYN-ACK. */
export function noteSyn(table: FlowTable, index: number, m: PacketMeta): void {
  const side = table.side
  let flags = table.flagsOf(index)
  if ((flags & synBit(side)) !== 0) {
    // The same SYN once more: a reset in between (to an ACK of an older connection, RFC 9293 §3.10.7.3) did not close it.
    table.setFlags(index, flags & ~(flow.RESET | flow.FIN_LOW | flow.FIN_HIGH))
    return
  }
  table.setIsn(index, side, m.seq)
  const isSynAck = (m.tcpFlags & ACK) !== 0
  // With a simultaneous open, whoever was first is the client.
  if ((flags & flow.ORIENTED) === 0) {
    const client = isSynAck ? 1 - side : side
    flags = (flags & ~flow.CLIENT_IS_HIGH) | flow.ORIENTED | (client === flow.HIGH ? flow.CLIENT_IS_HIGH : 0)
  }
  if (isSynAck && (flags & synBit(1 - side)) !== 0) flags |= flow.RTT_OPEN
  table.setFlags(index, flags | synBit(side))
}

/** Takes a FIN or a reset; returns the flow's flags. */
export function noteClose(table: FlowTable, index: number, m: PacketMeta): number {
  let flags = table.flagsOf(index)
  if ((m.tcpFlags & FIN) !== 0) flags |= table.side === flow.LOW ? flow.FIN_LOW : flow.FIN_HIGH
  if ((m.tcpFlags & RST) !== 0) flags |= flow.RESET
  table.setFlags(index, flags)
  return flags
}

/** A protocol's own first message told which side the client is. */
export function setClient(table: FlowTable, index: number, side: number): void {
  const flags = table.flagsOf(index) & ~flow.CLIENT_IS_HIGH
  table.setFlags(index, flags | flow.ORIENTED | (side === flow.HIGH ? flow.CLIENT_IS_HIGH : 0))
}

/** The initiator's first packet after the SYN-ACK closes the round trip. */
export const continuesHandshake = (table: FlowTable, index: number, m: PacketMeta): boolean =>
  (m.tcpFlags & (SYN | ACK)) === ACK && table.side === table.clientSide(index)

/** Ports below are services by convention (RFC 6335 §6: system ports, and most registered ones lie low). */
const FIRST_EPHEMERAL_PORT = 32768

/**
 * Without a SYN, is the sender of a flow's first packet its client? The end with the lower service port is the server;
 * where the ports do not tell, whoever speaks first is the client.
 */
export function clientByPort(m: PacketMeta): boolean {
  if (m.proto === PROTO_TCP && (m.tcpFlags & (SYN | ACK)) === (SYN | ACK)) return false
  if (m.proto === PROTO_TCP && (m.tcpFlags & SYN) !== 0) return true
  const { srcPort, dstPort } = m
  if (srcPort === dstPort) return true
  if (srcPort < 1024 !== dstPort < 1024) return dstPort < 1024
  if (srcPort < FIRST_EPHEMERAL_PORT !== dstPort < FIRST_EPHEMERAL_PORT) return dstPort < FIRST_EPHEMERAL_PORT
  return true
}
