/** The roots that Mozilla trusts to vouch for servers. Data under the Mozilla Public License 2.0. */
import { type Registry, readRegistry } from './read-registry.ts'

interface MozillaRoots extends Registry<{ readonly der: string }> {
  readonly nss: string
}

/** As NSS has them; a root that NSS trusts only for what was issued before a day is among them without that day. */
export function mozillaRoots(): { readonly nss: string; readonly asOf: string; readonly ders: readonly Uint8Array[] } {
  const { nss, asOf, rows } = readRegistry<{ der: string }, MozillaRoots>('mozilla-roots.json')
  return { nss, asOf, ders: rows.map(({ der }) => Buffer.from(der, 'base64')) }
}
