/**
 * Prints src/registry/cipher-suites.json: code points and names from `tshark -G values`, OpenSSL's names from
 * `openssl ciphers`, properties from the names, the Recommended column from the RFCs named in `source`.
 *   node scripts/make-cipher-suites.mjs > src/registry/cipher-suites.json
 */
import { execFileSync } from 'node:child_process'

const output = (command, ...args) =>
  execFileSync(command, args, { encoding: 'utf8', maxBuffer: 1 << 28, stdio: ['ignore', 'pipe', 'ignore'] })

/** Assigned as suites in the IANA registry; what lies outside is reserved, signalling or private. */
const ASSIGNED = [
  [0x0000, 0x001b],
  [0x001e, 0x0046],
  [0x0067, 0x006d],
  [0x0084, 0x00c7],
  [0x1301, 0x1307],
  [0xc001, 0xc0b5],
  [0xc100, 0xc106],
  [0xcca8, 0xccae],
  [0xd001, 0xd003],
  [0xd005, 0xd005],
]
const isAssigned = (code) => ASSIGNED.some(([from, to]) => code >= from && code <= to)

/** Assigned after the tshark of Debian 12 was made. */
const LATER = [
  [0x1306, 'TLS_AEGIS_256_SHA512'],
  [0x1307, 'TLS_AEGIS_128L_SHA256'],
]

const EXCHANGES = [
  // name before _WITH_, key exchange, authentication, forward secrecy
  ['NULL', 'NULL', 'NULL', false],
  ['RSA', 'RSA', 'RSA', false],
  ['DH_DSS', 'DH', 'DSS', false],
  ['DH_RSA', 'DH', 'RSA', false],
  ['DHE_DSS', 'DHE', 'DSS', true],
  ['DHE_RSA', 'DHE', 'RSA', true],
  ['DH_anon', 'DHE', 'anon', true],
  ['KRB5', 'KRB5', 'KRB5', false],
  ['PSK', 'PSK', 'PSK', false],
  ['DHE_PSK', 'DHE', 'PSK', true],
  ['PSK_DHE', 'DHE', 'PSK', true],
  ['RSA_PSK', 'RSA', 'RSA+PSK', false],
  ['ECDHE_PSK', 'ECDHE', 'PSK', true],
  ['ECDH_ECDSA', 'ECDH', 'ECDSA', false],
  ['ECDH_RSA', 'ECDH', 'RSA', false],
  ['ECDHE_ECDSA', 'ECDHE', 'ECDSA', true],
  ['ECDHE_RSA', 'ECDHE', 'RSA', true],
  ['ECDH_anon', 'ECDHE', 'anon', true],
  ['SRP_SHA', 'SRP', 'SRP', true],
  ['SRP_SHA_RSA', 'SRP', 'RSA', true],
  ['SRP_SHA_DSS', 'SRP', 'DSS', true],
  ['ECCPWD', 'ECCPWD', 'ECCPWD', true],
  ['GOSTR341112_256', 'VKO', 'GOST', false],
]

/** Effective strength: two-key attacks leave 3DES 112 bits. */
const BITS = [
  [/NULL/, 0],
  [/RC4_40|RC2_CBC_40|DES40|DES_CBC_40/, 40],
  [/3DES/, 112],
  [/DES/, 56],
  [/128|SEED|SM4|IDEA/, 128],
  [/256|CHACHA20|28147|KUZNYECHIK|MAGMA/, 256],
]
const bitsOf = (enc) => BITS.find(([pattern]) => pattern.test(enc))[1]
const isAead = (enc) => /GCM|CCM|POLY1305|AEGIS|MGM/.test(enc)

function describe(code, name) {
  const body = name.replace(/^TLS_/, '')
  const modern =
    code >>> 8 === 0x13 ||
    code === 0x00c6 ||
    code === 0x00c7 ||
    (code >= 0xc0b4 && code <= 0xc0b5) ||
    (code >= 0xc103 && code <= 0xc106)
  const cut = body.indexOf('_WITH_')
  const isExport = body.includes('_EXPORT')
  const exchange = modern
    ? ['', 'any', 'any', true]
    : EXCHANGES.find(([key]) => key === body.slice(0, cut).replace('_EXPORT', ''))
  if (exchange === undefined) throw new Error(`no key exchange known for ${name}`)
  const rest = cut < 0 ? body : body.slice(cut + 6)
  const { enc, mac } = protectionOf(code, rest)
  const [, kx, auth, forwardSecrecy] = exchange
  return {
    kx,
    auth,
    enc,
    bits: bitsOf(enc),
    mac: isAead(enc) ? 'AEAD' : mac,
    aead: isAead(enc),
    forwardSecrecy,
    export: isExport,
  }
}

function protectionOf(code, rest) {
  if (code === 0) return { enc: 'NULL', mac: 'NULL' }
  if (code >= 0xc0b4 && code <= 0xc0b5) return { enc: 'NULL', mac: rest.split('_')[0] }
  if (code >= 0xc103 && code <= 0xc106) return { enc: rest.replace(/^GOSTR341112_256_WITH_/, ''), mac: 'AEAD' }
  const hash = /_(MD5|SHA|SHA256|SHA384|SHA512|SM3|OMAC|IMIT)$/.exec(rest)
  if (hash === null) return { enc: rest, mac: 'AEAD' }
  return { enc: rest.slice(0, hash.index), mac: hash[1] === 'SHA' ? 'SHA1' : hash[1] }
}

// RFC 8447 §8, RFC 7905, RFC 8442: the entries once set to Y.
const YES = new Set([
  0x009e, 0x009f, 0x00aa, 0x00ab, 0x1301, 0x1302, 0x1303, 0x1304, 0xc02b, 0xc02c, 0xc02f, 0xc030, 0xc09e, 0xc09f,
  0xc0a6, 0xc0a7, 0xcca8, 0xcca9, 0xccaa, 0xccac, 0xccad, 0xd001, 0xd002, 0xd005,
])
const OBSOLETE_EXCHANGE = /^TLS_(RSA|DH|DHE|ECDH|RSA_PSK|DHE_PSK|PSK_DHE)_(RSA_|DSS_|ECDSA_|anon_|EXPORT_|PSK_|DHE_)?/
function recommendedOf(code, name, suite) {
  const body = name.replace(/^TLS_/, '')
  const broken = suite.enc === 'NULL' || suite.export || suite.auth === 'anon' || /RC4|IDEA|(^|_)DES_/.test(suite.enc)
  const obsolete =
    ['RSA', 'DH', 'ECDH'].includes(suite.kx) ||
    (suite.kx === 'DHE' && suite.auth !== 'PSK' && OBSOLETE_EXCHANGE.test(name))
  if (broken || obsolete || /^DES_/.test(body.split('_WITH_')[1] ?? '')) return 'D'
  return YES.has(code) ? 'Y' : 'N'
}

const opensslNames = new Map()
for (const line of output('openssl', 'ciphers', '-V', '-stdname', 'ALL:COMPLEMENTOFALL:@SECLEVEL=0').split('\n')) {
  const found = /0x(..),0x(..) - \S+\s+- (\S+)/.exec(line)
  if (found !== null) opensslNames.set(Number.parseInt(found[1] + found[2], 16), found[3])
}
const known = new Map(LATER)
for (const line of output('tshark', '-G', 'values').split('\n')) {
  const [kind, field, value, text] = line.split('\t')
  if (kind === 'V' && field === 'tls.handshake.ciphersuite' && text !== 'Reserved (GREASE)')
    known.set(Number(value), text)
}

const hex = (code) => `0x${code.toString(16).padStart(4, '0')}`
const sorted = [...known].sort(([a], [b]) => a - b)
const rows = sorted
  .filter(([code]) => isAssigned(code))
  .map(([code, name]) => {
    const suite = describe(code, name)
    return {
      code: hex(code),
      name,
      openssl: opensslNames.get(code) ?? null,
      ...suite,
      recommended: recommendedOf(code, name, suite),
    }
  })
const others = sorted.filter(([code]) => !isAssigned(code)).map(([code, name]) => ({ code: hex(code), name }))
const head = {
  registry: 'TLS Cipher Suites (IANA, Transport Layer Security Parameters)',
  source:
    'names: Wireshark 4.0 and OpenSSL 3.0; Recommended: RFC 8447, RFC 7905, RFC 8442, RFC 8446, RFC 8447bis and draft-ietf-tls-deprecate-obsolete-kex',
  asOf: '2026-11-24',
}
const lines = (list) => list.map((row) => `    ${JSON.stringify(row)}`).join(',\n')
process.stdout.write(
  `${JSON.stringify(head, null, 2).slice(0, -2)},\n  "rows": [\n${lines(rows)}\n  ],\n  "notSuites": [\n${lines(others)}\n  ]\n}\n`,
)
