import { readFileSync } from 'node:fs'

interface HpackData {
  readonly staticTable: readonly (readonly [name: string, value: string])[]
  /** Code length in bits by symbol; 256 = end of string. The code is canonical, so the lengths are all of it. */
  readonly huffmanLengths: readonly number[]
}

const DATA = JSON.parse(readFileSync(new URL('hpack.json', import.meta.url), 'utf8')) as HpackData

/** RFC 7541 appendix A; its first entry has index 1. */
export const HPACK_STATIC_TABLE = DATA.staticTable

/** RFC 7541 appendix B. */
export const HPACK_CODE_LENGTHS = DATA.huffmanLengths
