/** HPACK's Huffman code (RFC 7541 §5.2), one bit after the other through a tree of typed numbers. */
import { HPACK_CODE_LENGTHS } from '../registry/hpack.ts'

const END_OF_STRING = 256
/** Children of node n at 2n and 2n + 1: another node, or -1 - symbol. 0 = none yet. */
const TREE = new Int16Array(2 * 512)

/** A canonical code: codes of one length follow each other, in the order of their symbols. */
function growTree(): void {
  const symbols = HPACK_CODE_LENGTHS.map((length, symbol) => ({ length, symbol }))
  symbols.sort((a, b) => a.length - b.length || a.symbol - b.symbol)
  let code = 0
  let last = 0
  let nodes = 1
  for (const { length, symbol } of symbols) {
    if (last > 0) code = (code + 1) << (length - last)
    last = length
    let node = 0
    for (let bit = length - 1; bit > 0; bit--) {
      const child = 2 * node + ((code >>> bit) & 1)
      if (TREE[child] === 0) TREE[child] = nodes++
      node = TREE[child] as number
    }
    TREE[2 * node + (code & 1)] = -1 - symbol
  }
}
growTree()

/**
 * Decodes `[at, end)` into `out` as far as that has room, and returns the decoded length in bytes; -1 when it is no
 * such string: an end-of-string symbol inside, or padding that is longer than seven bits or not all ones.
 */
export function decodeHuffman(buf: Uint8Array, at: number, end: number, out: Uint8Array): number {
  let length = 0
  let node = 0
  let pending = 0
  let ones = true
  for (let i = at; i < end; i++) {
    const byte = buf[i] as number
    for (let bit = 7; bit >= 0; bit--) {
      const value = (byte >>> bit) & 1
      const next = TREE[2 * node + value] as number
      pending++
      if (value === 0) ones = false
      if (next >= 0) {
        node = next
        continue
      }
      const symbol = -1 - next
      if (symbol === END_OF_STRING) return -1
      if (length < out.length) out[length] = symbol
      length++
      node = 0
      pending = 0
      ones = true
    }
  }
  return pending > 7 || !ones ? -1 : length
}
