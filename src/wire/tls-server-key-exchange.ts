/** ServerKeyExchange of SSL 3.0 to TLS 1.2: the group or the size of the prime that the server chose. */
import { integerBits, u8, u16, u32 } from '../core/bytes.ts'
import { malformed, message, type Parsed } from '../core/result.ts'

/** What a suite's key exchange puts into ServerKeyExchange; `unknown` lets the bytes decide. */
export type KeyExchangeKind = 'ecdhe' | 'dhe' | 'rsa_export' | 'psk' | 'ecdhe_psk' | 'dhe_psk' | 'other' | 'unknown'

export interface ServerKeyExchange {
  /** Group of an elliptic curve exchange, or of a prime that is one of RFC 7919's; 0 = neither. */
  readonly namedGroup: number
  /** Size in bits of the finite-field prime, 0 = none. */
  readonly dhBits: number
  /** Size in bits of the ephemeral RSA modulus of an export suite, 0 = none. */
  readonly rsaBits: number
}

/** ECCurveType.named_curve (RFC 8422 §5.4). */
const NAMED_CURVE = 3
/** explicit_prime and explicit_char2, as code points 0xff01 and 0xff02 of NamedCurve (RFC 4492 §5.1.1). */
const EXPLICIT_CURVE_BASE = 0xff00
/** NamedGroup of each prime in RFC 7919 Appendix A, by its size in bits. */
const FFDHE_GROUPS: ReadonlyMap<number, number> = new Map([
  [2048, 256],
  [3072, 257],
  [4096, 258],
  [6144, 259],
  [8192, 260],
])

const NONE: ServerKeyExchange = { namedGroup: 0, dhBits: 0, rsaBits: 0 }

/** The body of a ServerKeyExchange between `at` and `end` (RFC 5246 §7.4.3, RFC 8422 §5.4, RFC 4279 §2, RFC 5489 §2). */
export function parseServerKeyExchange(
  buf: Uint8Array,
  at: number,
  end: number,
  kind: KeyExchangeKind,
): Parsed<ServerKeyExchange> {
  switch (kind) {
    case 'ecdhe':
      return parseEcdh(buf, at, end)
    case 'dhe':
      return parseDh(buf, at, end)
    case 'ecdhe_psk':
      return parseEcdh(buf, afterHint(buf, at, end), end)
    case 'dhe_psk':
      return parseDh(buf, afterHint(buf, at, end), end)
    case 'rsa_export':
      return parseRsaExport(buf, at, end)
    case 'psk':
    case 'other':
      return message(NONE, end)
    case 'unknown':
      return parseByShape(buf, at, end)
  }
}

function afterHint(buf: Uint8Array, at: number, end: number): number {
  return at + 2 > end ? end : at + 2 + u16(buf, at)
}

function parseEcdh(buf: Uint8Array, at: number, end: number): Parsed<ServerKeyExchange> {
  if (at + 1 > end) return malformed('bad_length', at)
  const curveType = u8(buf, at)
  if (curveType === 1 || curveType === 2)
    return message({ namedGroup: EXPLICIT_CURVE_BASE + curveType, dhBits: 0, rsaBits: 0 }, end)
  if (curveType !== NAMED_CURVE) return malformed('bad_value', at)
  if (at + 3 > end) return malformed('bad_length', at)
  return message({ namedGroup: u16(buf, at + 1), dhBits: 0, rsaBits: 0 }, end)
}

function parseDh(buf: Uint8Array, at: number, end: number): Parsed<ServerKeyExchange> {
  if (at + 2 > end) return malformed('bad_length', at)
  const primeEnd = at + 2 + u16(buf, at)
  if (primeEnd > end || primeEnd === at + 2) return malformed('bad_length', at)
  const dhBits = integerBits(buf, at + 2, primeEnd)
  return message({ namedGroup: ffdheGroup(buf, at + 2, primeEnd, dhBits), dhBits, rsaBits: 0 }, end)
}

/** RFC 7919's primes begin with 64 ones and the first bits of e, where RFC 3526's go on with those of pi. */
function ffdheGroup(buf: Uint8Array, at: number, end: number, bits: number): number {
  const group = FFDHE_GROUPS.get(bits)
  if (group === undefined || end - at !== bits / 8) return 0
  const head = u32(buf, at) === 0xffffffff && u32(buf, at + 4) === 0xffffffff
  const e = u32(buf, at + 8) === 0xadf85458 && u32(buf, at + 12) === 0xa2bb4a9a
  const tail = u32(buf, end - 8) === 0xffffffff && u32(buf, end - 4) === 0xffffffff
  return head && e && tail ? group : 0
}

function parseRsaExport(buf: Uint8Array, at: number, end: number): Parsed<ServerKeyExchange> {
  if (at + 2 > end) return malformed('bad_length', at)
  const modulusEnd = at + 2 + u16(buf, at)
  if (modulusEnd > end) return malformed('bad_length', at)
  return message({ namedGroup: 0, dhBits: 0, rsaBits: integerBits(buf, at + 2, modulusEnd) }, end)
}

/** Without the suite: a named curve with a point that fits, or three vectors (p, g, Ys) that fit. */
function parseByShape(buf: Uint8Array, at: number, end: number): Parsed<ServerKeyExchange> {
  if (at + 4 <= end && u8(buf, at) === NAMED_CURVE && at + 4 + u8(buf, at + 3) <= end) return parseEcdh(buf, at, end)
  let p = at
  for (let vectors = 0; vectors < 3; vectors++) {
    if (p + 2 > end || u16(buf, p) === 0) return message(NONE, end)
    p += 2 + u16(buf, p)
    if (p > end) return message(NONE, end)
  }
  return parseDh(buf, at, end)
}
