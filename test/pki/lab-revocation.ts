/** Rows of the laboratory about revocation: lists that the operator gives, and responses that servers staple. */

import type { Shown } from './lab.ts'
import type { Authorities } from './lab-leaves.ts'
import { listOf, responseOf } from './revocation-words.ts'

const DAY_MS = 86_400_000

export function revocationRows(
  dayMs: number,
  { leaf, authority, root, middle }: Pick<Authorities, 'leaf' | 'authority' | 'root' | 'middle'>,
): { readonly lists: readonly Uint8Array[]; readonly rows: readonly Shown[] } {
  const listed = leaf(middle)
  const listedLater = leaf(middle)
  const withdrawn = authority('Lab Withdrawn', root)
  const ago = (days: number): number => dayMs - days * DAY_MS
  const lists = [
    listOf(middle, ago(1), [
      { holder: listed, atMs: ago(3) },
      { holder: listedLater, atMs: ago(-3) },
    ]),
    listOf(root, ago(1), [{ holder: withdrawn, atMs: ago(3) }]),
  ]
  const stapled = (fromMs: number, revokedMs: number | null): Pick<Shown, 'chain' | 'staple'> => {
    const about = leaf(middle)
    return { chain: [about, middle], staple: responseOf(middle, about, fromMs, revokedMs) }
  }
  const unasked: Shown['openssl'] = ['takes', 'was given no list and no response']
  const rows: Shown[] = [
    {
      name: 'a leaf that a list has as revoked',
      chain: [listed, middle],
      faults: ['revoked'],
      openssl: unasked,
      revocation: ['revoked', 'given-list'],
    },
    { name: 'a leaf that a list has as revoked later', chain: [listedLater, middle], faults: [] },
    {
      name: 'an authority that a list has as revoked',
      chain: [leaf(withdrawn), withdrawn],
      faults: ['issuer-revoked'],
      openssl: unasked,
    },
    { name: 'a staple of today', ...stapled(ago(1), null), faults: [], revocation: ['good', 'stapled'] },
    {
      name: 'a staple that says revoked',
      ...stapled(ago(1), ago(2)),
      faults: ['revoked'],
      openssl: unasked,
      revocation: ['revoked', 'stapled'],
    },
    { name: 'a staple of the week before', ...stapled(ago(9), null), faults: [], tolerated: ['cert-staple-stale'] },
  ]
  return { lists, rows }
}
