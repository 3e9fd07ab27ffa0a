import type { Direction } from '../../src/dissect/dissector.ts'
import { TCP_DISSECTORS } from '../../src/dissect/index.ts'

/** The row that takes bytes which come one by one, as a session asks: all rows at each byte, in the table's order. */
export function recognisedBy(bytes: Uint8Array, sender: number): string | null {
  for (let end = 1; end <= bytes.length; end++) {
    const taker = TCP_DISSECTORS.find((row) => row.probe(bytes, 0, end, sender as Direction) === 'match')
    if (taker !== undefined) return taker.name
  }
  return null
}

export const bytesOf = (hex: string): Uint8Array => Uint8Array.from(Buffer.from(hex.replaceAll(' ', ''), 'hex'))
export const hexOf = (words: string): string => Buffer.from(words, 'latin1').toString('hex')

/** Who says it, and what. */
export type Said = readonly [Direction, ArrayLike<number>]
