import { readFileSync } from 'node:fs'

/** IANA's Recommended column (RFC 8447 §5); D = discouraged; null = not registered. */
export type Recommended = 'Y' | 'N' | 'D' | null

export interface Registry<Row> {
  readonly registry: string
  readonly source: string
  /** The day it was put together. */
  readonly asOf: string
  readonly rows: readonly (Row & { readonly code: string | number })[]
}

/** Reads one of the data files that lie beside this module. */
export const readRegistry = <Row, Rest = unknown>(file: string): Registry<Row> & Rest =>
  JSON.parse(readFileSync(new URL(file, import.meta.url), 'utf8')) as Registry<Row> & Rest

/** The rows of a data file whose entries go by name, or by code point within one use. */
export const readRows = <Row>(file: string): readonly Row[] => readRegistry<unknown>(file).rows as readonly Row[]

/** Code points are written in hex where the RFCs write them so. */
export const code = (row: { readonly code: string | number }): number => Number(row.code)

/** What an unnamed 16-bit code point is called. */
export const hexName = (value: number): string => `0x${value.toString(16).padStart(4, '0')}`
