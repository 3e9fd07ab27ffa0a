/** SNMP messages: versions 1 and 2c (RFC 1157 §4, RFC 3416 §3) and version 3 with its security (RFC 3412 §6). */
import { u8 } from '../core/bytes.ts'
import { BER_INTEGER, BER_OCTET_STRING, BER_SEQUENCE, BerElement, berInteger, readBer, takeBer } from './ber.ts'

/** Protocol data units [0] to [8] (RFC 3416 §3); 4 is the trap of version 1. */
const FIRST_PDU = 0xa0
const LAST_PDU = 0xa8
const TRAP_V1 = 0xa4
const REPORT = 0xa8

const VERSION_1 = 0
const VERSION_2C = 1
const VERSION_3 = 3
/** RFC 3412 §6: msgMaxSize is 484 at the least. */
const MIN_MAX_SIZE = 484

const LONG_LENGTH = 0x80

const FLAG_AUTH = 1
const FLAG_PRIV = 2

export type SnmpLevel = 'noAuthNoPriv' | 'authNoPriv' | 'authPriv'

const E = new BerElement()

/** What was read of one message; reused, so read it before the next. */
export class SnmpMessage {
  version: '1' | '2c' | '3' = '1'
  /** Version 3 only. */
  level: SnmpLevel = 'noAuthNoPriv'
  /** Carries no data of a user's: the discovery of an engine, and reports about it (RFC 3414 §4). */
  isDiscovery = false
  /** Claims to be longer than it is. */
  isOverlong = false

  read(buf: Uint8Array, at: number, end: number, missing: number): boolean {
    const limit = end + missing
    this.isOverlong = false
    if (!takeBer(buf, at, end, limit, BER_SEQUENCE, E)) return missing === 0 && this.readOverlong(buf, at, end)
    if (E.end !== limit || !readBer(buf, E.at, end, limit, E)) return false
    const version = berInteger(buf, E, end)
    const next = E.end
    this.isDiscovery = false
    if (version === VERSION_3) {
      this.version = '3'
      return this.readV3(buf, next, end, limit)
    }
    if (version !== VERSION_1 && version !== VERSION_2C) return false
    this.version = version === VERSION_1 ? '1' : '2c'
    if (!takeBer(buf, next, end, limit, BER_OCTET_STRING, E)) return false
    return readBer(buf, E.end, end, limit, E) && E.end === limit && isPdu(buf, end)
  }

  /**
   * A request or response of version 1 or 2c whose outer lengths count more bytes than there are: every field up to the list
   * of variables must be right, each in its place.
   */
  private readOverlong(buf: Uint8Array, at: number, end: number): boolean {
    if (end - at < 2 || u8(buf, at) !== BER_SEQUENCE || u8(buf, at + 1) >= LONG_LENGTH) return false
    if (!readBer(buf, at + 2, end, end, E)) return false
    const version = berInteger(buf, E, end)
    if (version !== VERSION_1 && version !== VERSION_2C) return false
    if (!takeBer(buf, E.end, end, end, BER_OCTET_STRING, E)) return false
    const pdu = E.end
    if (end - pdu < 2 || u8(buf, pdu) < FIRST_PDU || u8(buf, pdu) > LAST_PDU || u8(buf, pdu) === TRAP_V1) return false
    let p = pdu + 2
    // request-id, error-status, error-index.
    for (let n = 0; n < 3; n++) {
      if (!takeBer(buf, p, end, end, BER_INTEGER, E) || E.end - E.at > (n === 0 ? 5 : 1)) return false
      p = E.end
    }
    this.version = version === VERSION_1 ? '1' : '2c'
    this.isDiscovery = false
    this.isOverlong = true
    return p < end && u8(buf, p) === BER_SEQUENCE
  }

  /** msgGlobalData, msgSecurityParameters, msgData. */
  private readV3(buf: Uint8Array, at: number, end: number, limit: number): boolean {
    const flags = globalFlags(buf, at, end, limit)
    if (flags < 0 || !takeBer(buf, E.end, end, limit, BER_OCTET_STRING, E)) return false
    const parametersAt = E.at
    const parametersEnd = E.end
    const isEncrypted = (flags & FLAG_PRIV) !== 0
    if (!takeBer(buf, parametersEnd, end, limit, isEncrypted ? BER_OCTET_STRING : BER_SEQUENCE, E)) return false
    if (E.end !== limit) return false
    this.level = isEncrypted ? 'authPriv' : (flags & FLAG_AUTH) !== 0 ? 'authNoPriv' : 'noAuthNoPriv'
    this.isDiscovery =
      !isEncrypted && (isReport(buf, E.at, end, E.end) || !namesUser(buf, parametersAt, Math.min(end, parametersEnd)))
    return true
  }
}

/** msgFlags of msgGlobalData, with which the current element ends; -1 when it is malformed. */
function globalFlags(buf: Uint8Array, at: number, end: number, limit: number): number {
  if (!takeBer(buf, at, end, limit, BER_SEQUENCE, E)) return -1
  const last = E.end
  if (!takeBer(buf, E.at, end, last, BER_INTEGER, E)) return -1
  if (!readBer(buf, E.end, end, last, E) || berInteger(buf, E, end) < MIN_MAX_SIZE) return -1
  if (!takeBer(buf, E.end, end, last, BER_OCTET_STRING, E) || E.end - E.at !== 1 || E.at >= end) return -1
  const flags = u8(buf, E.at)
  // msgSecurityModel is the last field.
  return readBer(buf, E.end, end, last, E) && berInteger(buf, E, end) >= 1 && E.end === last ? flags : -1
}

/** The current element is a PDU that begins as its kind does: a request's number, or a trap's enterprise. */
function isPdu(buf: Uint8Array, end: number): boolean {
  const { tag, end: pduEnd } = E
  if (tag < FIRST_PDU || tag > LAST_PDU) return false
  if (!readBer(buf, E.at, end, pduEnd, E)) return false
  return tag === TRAP_V1 ? E.tag === 0x06 : E.tag === BER_INTEGER && E.end - E.at <= 5
}

/** ScopedPDU: context engine, context name, and the PDU. */
function isReport(buf: Uint8Array, at: number, end: number, limit: number): boolean {
  let p = at
  for (let n = 0; n < 3; n++) {
    if (!readBer(buf, p, end, limit, E)) return false
    p = E.end
  }
  return E.tag === REPORT
}

/** UsmSecurityParameters (RFC 3414 §2.4): engine, boots, time, user, and what authenticates and encrypts. */
function namesUser(buf: Uint8Array, at: number, end: number): boolean {
  if (!takeBer(buf, at, end, end, BER_SEQUENCE, E)) return true
  let p = E.at
  for (let n = 0; n < 4; n++) {
    if (!readBer(buf, p, end, end, E)) return true
    p = E.end
  }
  return E.end > E.at
}
