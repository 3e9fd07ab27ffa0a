/** IP addresses are four signed 32-bit words; an IPv4 address is IPv4-mapped (RFC 4291 §2.5.5.2). */

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
