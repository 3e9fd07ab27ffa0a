/**
 * Certificates in bulk: distinct ones parsed and judged, beside Node's own parser and `openssl verify` on the same; what one seen
 * before costs; and what each keeps of memory.
 *   npm run bench:certificates [-- --count 100000]
 */
import { execFileSync } from 'node:child_process'
import { createHash, type KeyObject, sign, X509Certificate } from 'node:crypto'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import type { CertificateFacts } from '../src/core/facts.ts'
import { copyCertificate } from '../src/dissect/tls-certificate-cache.ts'
import { Candidate, candidateOf } from '../src/trust/candidate.ts'
import { judgeChain } from '../src/trust/judge-chain.ts'
import { Pool } from '../src/trust/pool.ts'
import { RevocationLists } from '../src/trust/revocation.ts'
import { Roots } from '../src/trust/roots.ts'
import { Signatures } from '../src/trust/signatures.ts'
import { parseCertificate } from '../src/wire/x509.ts'
import { measure } from './measure.ts'

const { values } = parseArgs({ options: { count: { type: 'string', default: '100000' } } })
const COUNT = Number(values.count)
/** `openssl verify` reads a file for each: so many are enough to know what one costs. */
const OPENSSL_COUNT = Math.min(COUNT, 3000)

const folder = mkdtempSync(join(tmpdir(), 'bench-certificates-'))
try {
  await run()
} finally {
  rmSync(folder, { recursive: true, force: true })
}

async function run(): Promise<void> {
  const { root, issuing, key, leaf } = authority()
  console.log(`${COUNT} distinct ECDSA P-256 certificates of ${leaf.length} bytes, Node ${process.version}\n`)
  const ders = distinct(leaf, key)
  const issuer = new X509Certificate(issuing)
  const { publicKey } = issuer

  const beforeBytes = heldBytes()
  let facts: CertificateFacts[] = []
  tell('intransit: hash and parse', COUNT, () => {
    facts = ders.map((der) => ({
      fingerprint: createHash('sha256').update(der).digest('hex'),
      der,
      ...parseCertificate(der, 0, der.length),
    }))
  })
  const perCertificate = Math.round((heldBytes() - beforeBytes) / COUNT)
  const sent = candidateOf(issuing)
  const signatures = new Signatures()
  const surroundings = { roots: new Roots([root]), seen: new Pool(), signatures, revocations: new RevocationLists() }
  const timeUs = Date.now() * 1000
  const judge = () => {
    for (const one of facts) {
      const judged = judgeChain({ sent: [new Candidate(one), sent], role: 'server', timeUs }, surroundings)
      if (judged?.anchor !== 'private' || judged.problems.length > 0) throw new Error(`judged ${judged?.problems}`)
    }
  }
  tell('intransit: judge, each for the first time', COUNT, judge)
  tell('intransit: judge again (signatures remembered)', COUNT, judge)
  const cached = facts[0]?.der as Uint8Array
  copyCertificate(cached, 0, cached.length)
  tell('intransit: one seen before, in the handshake', COUNT, () => {
    for (let i = 0; i < COUNT; i++) copyCertificate(cached, 0, cached.length)
  })
  tell('Node X509Certificate: parse, read names and times, hash', COUNT, () => {
    for (const der of ders) {
      const one = new X509Certificate(der)
      if (`${one.subject}${one.issuer}${one.subjectAltName}${one.validTo}${one.fingerprint256}` === '')
        throw new Error()
    }
  })
  tell('Node X509Certificate: parse, verify one signature', COUNT, () => {
    for (const der of ders) if (!new X509Certificate(der).verify(publicKey)) throw new Error('not verified')
  })
  const files = ders.slice(0, OPENSSL_COUNT).map((der, i) => pemFile(`leaf-${i}`, der))
  const args = ['verify', '-CAfile', pemFile('root', root), '-untrusted', pemFile('issuing', issuing)]
  const { cpuS, status } = await measure(['openssl', ...args, ...files])
  if (status !== 0) throw new Error(`openssl verify ended with ${status}`)
  print('openssl verify, one process for all', OPENSSL_COUNT, cpuS * 1e6)
  console.log(`\nmemory per certificate, its facts: ${perCertificate} bytes, and ${leaf.length} of its DER`)
}

/** CPU time, so that other work on the machine does not count. */
function tell(what: string, count: number, work: () => void): void {
  const before = process.cpuUsage()
  work()
  const { user, system } = process.cpuUsage(before)
  print(what, count, user + system)
}

function print(what: string, count: number, us: number): void {
  const each = us / count
  const perSecond = Math.round(1e6 / each).toLocaleString('en')
  console.log(`${what.padEnd(58)} ${each.toFixed(1).padStart(8)} µs each ${perSecond.padStart(12)} /s`)
}

/** On the heap and beside it, after a collection. */
function heldBytes(): number {
  globalThis.gc?.()
  const { heapUsed, external } = process.memoryUsage()
  return heapUsed + external
}

/** A root, an intermediate and one leaf, made by openssl. */
function authority(): { root: Uint8Array; issuing: Uint8Array; key: string; leaf: Uint8Array } {
  const sh = (script: string) => execFileSync('sh', ['-ec', script], { cwd: folder, stdio: 'pipe' })
  sh(`
    ec() { openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out $1.key; }
    ec root; ec issuing; ec leaf
    printf 'basicConstraints=critical,CA:TRUE\\nkeyUsage=critical,keyCertSign,cRLSign\\nsubjectKeyIdentifier=hash\\n' > ca.ext
    openssl req -new -key root.key -subj '/CN=Bench Root' -out root.csr
    openssl x509 -req -in root.csr -signkey root.key -extfile ca.ext -days 3650 -outform DER -out root.der
    openssl x509 -inform DER -in root.der -out root.pem
    openssl req -new -key issuing.key -subj '/CN=Bench Issuing' -out issuing.csr
    openssl x509 -req -in issuing.csr -CA root.pem -CAkey root.key -set_serial 2 -extfile ca.ext -days 1000 -out issuing.pem
    openssl x509 -in issuing.pem -outform DER -out issuing.der
    printf 'basicConstraints=critical,CA:FALSE\\nkeyUsage=critical,digitalSignature\\nextendedKeyUsage=serverAuth\\n' > leaf.ext
    printf 'subjectAltName=DNS:host-00000000.bench.example,DNS:www.host-00000000.bench.example\\nsubjectKeyIdentifier=hash\\nauthorityKeyIdentifier=keyid\\n' >> leaf.ext
    openssl req -new -key leaf.key -subj '/CN=host-00000000.bench.example/O=Bench' -out leaf.csr
    openssl x509 -req -in leaf.csr -CA issuing.pem -CAkey issuing.key -set_serial 0x4000000000000000 -extfile leaf.ext -days 90 -outform DER -out leaf.der`)
  const read = (file: string): Uint8Array => execFileSync('cat', [file], { cwd: folder })
  return {
    root: read('root.der'),
    issuing: read('issuing.der'),
    leaf: read('leaf.der'),
    key: read('issuing.key').toString(),
  }
}

/** The leaf again and again with another name and serial number, signed anew. */
function distinct(leaf: Uint8Array, key: KeyObject | string): Uint8Array[] {
  const whole = Buffer.from(leaf)
  const start = 4
  const end = start + 4 + whole.readUInt16BE(start + 2)
  const algorithm = whole.subarray(end, end + 2 + (whole[end + 1] as number))
  const template = whole.subarray(start, end)
  const serialAt = template.indexOf(Buffer.from('4000000000000000', 'hex')) + 4
  return Array.from({ length: COUNT }, (_, i) => {
    const digits = String(i).padStart(8, '0')
    const toBeSigned = Buffer.from(template)
    toBeSigned.writeUInt32BE(i, serialAt)
    for (let at = toBeSigned.indexOf('00000000.bench'); at >= 0; at = toBeSigned.indexOf('00000000.bench', at + 1)) {
      toBeSigned.write(digits, at, 'latin1')
      if (i === 0) break
    }
    const signature = sign('sha256', toBeSigned, key)
    const body = Buffer.concat([toBeSigned, algorithm, Buffer.from([3, signature.length + 1, 0]), signature])
    return Buffer.concat([Buffer.from([0x30, 0x82, body.length >> 8, body.length & 0xff]), body])
  })
}

function pemFile(name: string, der: Uint8Array): string {
  const path = join(folder, `${name}.pem`)
  const base64 = Buffer.from(der).toString('base64').replace(/.{64}/g, '$&\n').trimEnd()
  writeFileSync(path, `-----BEGIN CERTIFICATE-----\n${base64}\n-----END CERTIFICATE-----\n`)
  return path
}
