/**
 * XXH64 with seed 0, the content check sum of zstd (RFC 8878 §3.1.1), as the xxHash fast digest algorithm's own
 * specification describes it. The bulk runs on pairs of 32-bit halves, the end on big integers.
 */
const PRIME_1 = 0x9e3779b185ebca87n
const PRIME_2 = 0xc2b2ae3d27d4eb4fn
const PRIME_3 = 0x165667b19e3779f9n
const PRIME_4 = 0x85ebca77c2b2ae63n
const PRIME_5 = 0x27d4eb2f165667c5n
const PRIME_1_HIGH = 0x9e3779b1 | 0
const PRIME_1_LOW = 0x85ebca87 | 0
const PRIME_2_HIGH = 0xc2b2ae3d | 0
const PRIME_2_LOW = 0x27d4eb4f | 0

const LANES = 4
const LANE_BYTES = 8
const STRIPE_BYTES = LANES * LANE_BYTES

export class Xxh64 {
  readonly #high = new Int32Array(LANES)
  readonly #low = new Int32Array(LANES)
  readonly #tail = new Uint8Array(STRIPE_BYTES)
  #tailBytes = 0
  #total = 0

  constructor() {
    const start = [PRIME_1 + PRIME_2, PRIME_2, 0n, -PRIME_1]
    start.forEach((value, lane) => {
      this.#high[lane] = Number(BigInt.asIntN(32, value >> 32n))
      this.#low[lane] = Number(BigInt.asIntN(32, value))
    })
  }

  update(bytes: Uint8Array): void {
    this.#total += bytes.length
    let at = 0
    if (this.#tailBytes > 0) {
      at = Math.min(STRIPE_BYTES - this.#tailBytes, bytes.length)
      this.#tail.set(bytes.subarray(0, at), this.#tailBytes)
      this.#tailBytes += at
      if (this.#tailBytes < STRIPE_BYTES) return
      this.#stripe(this.#tail, 0)
    }
    for (; bytes.length - at >= STRIPE_BYTES; at += STRIPE_BYTES) this.#stripe(bytes, at)
    this.#tail.set(bytes.subarray(at))
    this.#tailBytes = bytes.length - at
  }

  digest(): bigint {
    let hash = u64(this.#converge() + BigInt(this.#total))
    const tail = Buffer.from(this.#tail.buffer, 0, this.#tailBytes)
    let at = 0
    for (; tail.length - at >= 8; at += 8)
      hash = u64(rotate(hash ^ round(0n, tail.readBigUInt64LE(at)), 27n) * PRIME_1 + PRIME_4)
    if (tail.length - at >= 4) {
      hash = u64(rotate(hash ^ u64(BigInt(tail.readUInt32LE(at)) * PRIME_1), 23n) * PRIME_2 + PRIME_3)
      at += 4
    }
    for (; at < tail.length; at++) hash = u64(rotate(hash ^ u64(BigInt(tail.readUInt8(at)) * PRIME_5), 11n) * PRIME_1)
    hash = u64((hash ^ (hash >> 33n)) * PRIME_2)
    hash = u64((hash ^ (hash >> 29n)) * PRIME_3)
    return hash ^ (hash >> 32n)
  }

  #converge(): bigint {
    if (this.#total < STRIPE_BYTES) return PRIME_5
    const lanes = [...this.#high].map((high, i) => u64((BigInt(high) << 32n) | BigInt((this.#low[i] as number) >>> 0)))
    const [a = 0n, b = 0n, c = 0n, d = 0n] = lanes
    const sum = rotate(a, 1n) + rotate(b, 7n) + rotate(c, 12n) + rotate(d, 18n)
    return lanes.reduce((hash, lane) => u64((hash ^ round(0n, lane)) * PRIME_1 + PRIME_4), u64(sum))
  }

  /** lane = rotate(lane + input × PRIME_2, 31) × PRIME_1, four times. */
  #stripe(buf: Uint8Array, at: number): void {
    for (let lane = 0, pos = at; lane < LANES; lane++, pos += LANE_BYTES) {
      const inLow = i32le(buf, pos)
      const inHigh = i32le(buf, pos + 4)
      const productLow = Math.imul(inLow, PRIME_2_LOW)
      const productHigh =
        highProduct(inLow, PRIME_2_LOW) + Math.imul(inHigh, PRIME_2_LOW) + Math.imul(inLow, PRIME_2_HIGH)
      const low = ((this.#low[lane] as number) + productLow) | 0
      const carry = low >>> 0 < productLow >>> 0 ? 1 : 0
      const high = ((this.#high[lane] as number) + productHigh + carry) | 0
      const turnedLow = (low << 31) | (high >>> 1)
      const turnedHigh = (high << 31) | (low >>> 1)
      this.#low[lane] = Math.imul(turnedLow, PRIME_1_LOW)
      this.#high[lane] =
        highProduct(turnedLow, PRIME_1_LOW) + Math.imul(turnedHigh, PRIME_1_LOW) + Math.imul(turnedLow, PRIME_1_HIGH)
    }
  }
}

const i32le = (buf: Uint8Array, at: number): number =>
  (buf[at] as number) |
  ((buf[at + 1] as number) << 8) |
  ((buf[at + 2] as number) << 16) |
  ((buf[at + 3] as number) << 24)

/** The upper 32 bits of the product of two unsigned 32-bit numbers, by halves that a double holds exactly. */
function highProduct(a: number, b: number): number {
  const aLow = a & 0xffff
  const aHigh = a >>> 16
  const bLow = b & 0xffff
  const bHigh = b >>> 16
  const first = aHigh * bLow + ((aLow * bLow) >>> 16)
  const second = aLow * bHigh + (first & 0xffff)
  return (aHigh * bHigh + (first >>> 16) + (second >>> 16)) | 0
}

const u64 = (value: bigint): bigint => BigInt.asUintN(64, value)
const rotate = (value: bigint, by: bigint): bigint => u64(value << by) | (value >> (64n - by))
const round = (lane: bigint, input: bigint): bigint => u64(rotate(u64(lane + input * PRIME_2), 31n) * PRIME_1)
