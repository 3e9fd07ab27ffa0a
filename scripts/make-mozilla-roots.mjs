/**
 * Prints src/registry/mozilla-roots.json: the certificates that Mozilla's root program trusts to vouch for servers, as
 * Node.js ships them (tls.rootCertificates, out of NSS's certdata.txt). The version of NSS is in Node's change log.
 *   node scripts/make-mozilla-roots.mjs 3.119 2026-03-05 > src/registry/mozilla-roots.json
 */
import { createHash } from 'node:crypto'
import { rootCertificates } from 'node:tls'

const [, , nss, asOf] = process.argv
if (!/^3\.\d+/.test(nss ?? '') || !/^\d{4}-\d\d-\d\d$/.test(asOf ?? '')) {
  console.error('name the version of NSS and the day of the Node.js that first had it')
  process.exit(2)
}

const rows = rootCertificates
  .map((pem) => Buffer.from(pem.replace(/-----[^-]+-----|\s/g, ''), 'base64'))
  .map((der) => ({ code: createHash('sha256').update(der).digest('hex'), der: der.toString('base64') }))
  .sort((a, b) => (a.code < b.code ? -1 : 1))

const head = {
  registry: "Mozilla's root program, certificates trusted for servers; code = SHA-256 of the DER",
  source: `https://hg.mozilla.org/projects/nss/file/NSS_${nss.replaceAll('.', '_')}_RTM/lib/ckfw/builtins/certdata.txt, by way of tls.rootCertificates of Node.js ${process.versions.node}`,
  licence: 'Mozilla Public License 2.0 (https://mozilla.org/MPL/2.0/); this file only',
  nss,
  asOf,
}
const lines = rows.map((row) => `    ${JSON.stringify(row)}`).join(',\n')
console.log(`${JSON.stringify(head, null, 2).slice(0, -2)},\n  "rows": [\n${lines}\n  ]\n}`)
