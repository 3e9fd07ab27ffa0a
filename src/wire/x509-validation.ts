/** How an authority checked whom it issued a certificate to, as its policies say (Baseline Requirements §7.1.6.1). */

/** dv = domain, ov = organisation, iv = individual, ev = extended. */
export type Validation = 'dv' | 'ov' | 'iv' | 'ev'

/** The strictest first. */
const RESERVED: readonly (readonly [string, Validation])[] = [
  ['2.23.140.1.1', 'ev'],
  ['2.23.140.1.2.3', 'iv'],
  ['2.23.140.1.2.2', 'ov'],
  ['2.23.140.1.2.1', 'dv'],
]

/** Null = none of the identifiers of the CA/Browser Forum, as with private certificates and old ones. */
export const validationOf = (policies: readonly string[]): Validation | null =>
  RESERVED.find(([oid]) => policies.includes(oid))?.[1] ?? null
