/** IP addresses are four signed 32-bit words; an IPv4 address is IPv4-mapped (RFC 4291 §2.5.5.2). */
import { isIPv4, isIPv6 } from 'node:net'

const OCTETS = Array.from({ length: 256 }, (_, value) => String(value))

export const ipv4Text = (word: number): string =>
  `${OCTETS[word >>> 24]}.${OCTETS[(word >>> 16) & 255]}.${OCTETS[(word >>> 8) & 255]}.${OCTETS[word & 255]}`

/** Canonical text of RFC 5952: lower case, no leading zeros, the longest run of zero groups as "::". */
export function ipv6Text(w0: number, w1: number, w2: number, w3: number): string {
  const groups = [w0 >>> 16, w0 & 0xffff, w1 >>> 16, w1 & 0xffff, w2 >>> 16, w2 & 0xffff, w3 >>> 16, w3 & 0xffff]
  let bestAt = -1
  let bestLength = 1
  for (let i = 0; i < 8; i++) {
    let length = 0
    while (i + length < 8 && groups[i + length] === 0) length += 1
    if (length > bestLength) {
      bestAt = i
      bestLength = length
    }
    i += length
  }
  const hex = groups.map((group) => group.toString(16))
  if (bestAt < 0) return hex.join(':')
  return `${hex.slice(0, bestAt).join(':')}::${hex.slice(bestAt + bestLength).join(':')}`
}

/** The addresses whose words, under the masks, are `words`. */
export interface AddressRange {
  readonly words: readonly number[]
  readonly masks: readonly number[]
}

/** The range in "10.0.0.0/8", "fd00::/8" or a single address; null when the text is neither. */
export function addressRange(text: string): AddressRange | null {
  const [address = '', prefix, ...rest] = text.split('/')
  const version = isIPv4(address) ? 4 : isIPv6(address) ? 6 : 0
  const most = version === 4 ? 32 : 128
  const bits = prefix === undefined ? most : Number(prefix)
  const isNumber = prefix === undefined || /^\d{1,3}$/.test(prefix)
  if (version === 0 || !isNumber || bits > most || rest.length > 0) return null
  const words = version === 4 ? [0, 0, 0xffff, v4Word(address)] : v6Words(address)
  const mapped = bits + 128 - most
  return { words, masks: words.map((_, n) => wordMask(Math.min(Math.max(mapped - n * 32, 0), 32))) }
}

export const isInRange = ({ words, masks }: AddressRange, w0: number, w1: number, w2: number, w3: number): boolean =>
  // The last word differs most.
  ((w3 ^ (words[3] as number)) & (masks[3] as number)) === 0 &&
  ((w2 ^ (words[2] as number)) & (masks[2] as number)) === 0 &&
  ((w1 ^ (words[1] as number)) & (masks[1] as number)) === 0 &&
  ((w0 ^ (words[0] as number)) & (masks[0] as number)) === 0

/** Are all addresses of `inner` in `outer` too? */
export const isWithin = ({ words, masks }: AddressRange, outer: AddressRange): boolean =>
  outer.masks.every((mask, n) => (mask & ~(masks[n] as number)) === 0) &&
  outer.words.every((word, n) => ((word ^ (words[n] as number)) & (outer.masks[n] as number)) === 0)

/** A word's first `bits` bits. */
const wordMask = (bits: number): number => (bits === 0 ? 0 : -1 << (32 - bits))

const v4Word = (text: string): number => text.split('.').reduce((word, octet) => (word << 8) | Number(octet), 0)

function v6Words(text: string): number[] {
  // The URL parser normalises every spelling of RFC 4291 §2.2, embedded IPv4 included; a zone (RFC 4007 §11) is no part.
  const canonical = new URL(`http://[${text.replace(/%.*/, '')}]/`).hostname.slice(1, -1)
  const [head = '', tail] = canonical.split('::')
  const left = head === '' ? [] : head.split(':')
  const right = tail === undefined || tail === '' ? [] : tail.split(':')
  const groups = [...left, ...Array(8 - left.length - right.length).fill('0'), ...right].map((g) =>
    Number.parseInt(g, 16),
  )
  return [0, 2, 4, 6].map((i) => ((groups[i] as number) << 16) | (groups[i + 1] as number))
}

/** The words of one address; null when the text is none. */
export function addressWords(text: string): readonly [number, number, number, number] | null {
  const range = text.includes('/') ? null : addressRange(text)
  return range === null ? null : (range.words as readonly number[] as [number, number, number, number])
}
