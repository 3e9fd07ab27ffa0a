/** What routers and switches export of flows: NetFlow 1, 5, 7 and 9 (RFC 3954), IPFIX (RFC 7011), sFlow 5. */
import { u16, u32 } from '../core/bytes.ts'

/** Bytes of header and record of the versions that have no templates. */
const FIXED: Readonly<Record<number, readonly [header: number, record: number, most: number]>> = {
  1: [16, 52, 24],
  5: [24, 48, 30],
  7: [24, 52, 28],
}
const V9_HEADER_BYTES = 20
const IPFIX_HEADER_BYTES = 16
const FIRST_DATA_SET = 256

/** Version of a NetFlow datagram; 0 = it is none. */
export function netflowVersion(buf: Uint8Array, at: number, end: number, missing: number): number {
  if (end - at < V9_HEADER_BYTES) return 0
  const version = u16(buf, at)
  const count = u16(buf, at + 2)
  const fixed = FIXED[version]
  if (fixed !== undefined) {
    const [header, record, most] = fixed
    return count > 0 && count <= most && header + count * record === end + missing - at ? version : 0
  }
  if (version !== 9 || count === 0 || count > 1000) return 0
  // Template, options template; 2 to 255 are not used by version 9.
  return setsAddUp(buf, at + V9_HEADER_BYTES, end, missing, 0, 1) ? version : 0
}

export function isIpfix(buf: Uint8Array, at: number, end: number, missing: number): boolean {
  if (end - at < IPFIX_HEADER_BYTES + 4 || u16(buf, at) !== 10) return false
  // Template, options template (RFC 7011 §3.3.2).
  return u16(buf, at + 2) === end + missing - at && setsAddUp(buf, at + IPFIX_HEADER_BYTES, end, missing, 2, 3)
}

function setsAddUp(
  buf: Uint8Array,
  at: number,
  end: number,
  missing: number,
  template: number,
  options: number,
): boolean {
  let p = at
  while (end - p >= 4) {
    const id = u16(buf, p)
    const length = u16(buf, p + 2)
    if (id !== template && id !== options && id < FIRST_DATA_SET) return false
    if (length < 8 || p + length > end + missing) return false
    p += length
  }
  return p > at && (p === end || missing > 0)
}

const SFLOW_VERSION = 5
const MAX_SAMPLES = 256

/** sFlow version 5: the agent's address, and samples each of which tells its length. */
export function isSflow(buf: Uint8Array, at: number, end: number, missing: number): boolean {
  if (end - at < 28 || u32(buf, at) !== SFLOW_VERSION) return false
  const family = u32(buf, at + 4)
  if (family !== 1 && family !== 2) return false
  let p = at + 8 + (family === 1 ? 4 : 16) + 12
  if (end - p < 4) return false
  const count = u32(buf, p)
  p += 4
  // An agent that has nothing to tell says so in a datagram that ends here.
  if (count > MAX_SAMPLES || (count === 0 && missing > 0)) return false
  for (let n = 0; n < count; n++) {
    if (end - p < 8) return missing > 0 && n > 0
    const length = u32(buf, p + 4)
    if (length > end + missing - p - 8) return false
    p += 8 + length
  }
  return p === end + missing || missing > 0
}
