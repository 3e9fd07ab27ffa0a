import { readRegistry } from './read-registry.ts'

interface StaticField {
  readonly name: string
  readonly value: string
}

const { rows, huffmanLengths } = readRegistry<StaticField, { readonly huffmanLengths: readonly number[] }>('hpack.json')

/** RFC 7541 appendix A; its first entry has index 1. */
export const HPACK_STATIC_TABLE: readonly StaticField[] = rows

/** RFC 7541 appendix B: code length in bits by symbol; 256 = end of string. The code is canonical: lengths are all of it. */
export const HPACK_CODE_LENGTHS = huffmanLengths
