/**
 * Holds what we read in the certificates of the open corpus against `openssl x509`, and our judgement of each chain that was
 * shown, at the time of its packets, against `openssl verify` with the same roots. Differences that docs/conformance.md does not name
 * by the first eight digits of the leaf's fingerprint are faults.
 *
 *   npm run corpus:certificates              every capture
 *   npm run corpus:certificates:short        a sixteenth of them, for CI
 */
import { spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { isExpired, isNotYetValid } from '../src/classify/chain.ts'
import { mozillaRoots } from '../src/registry/mozilla-roots.ts'
import { KnownCertificates } from '../src/report/known-certificates.ts'
import { openStore, type Store } from '../src/store/index.ts'
import type { Candidate } from '../src/trust/candidate.ts'
import { judgeChain } from '../src/trust/judge-chain.ts'
import { RevocationLists } from '../src/trust/revocation.ts'
import { Roots } from '../src/trust/roots.ts'
import { Signatures } from '../src/trust/signatures.ts'
import { type Fields, readByOpenssl, verifiedByOpenssl } from './corpus-certificates-openssl.ts'

const { values } = parseArgs({
  options: {
    corpus: { type: 'string', default: '../shared/corpus' },
    only: { type: 'string', default: '' },
  },
})
const { corpus, only } = values
if (!existsSync(join(corpus, 'index.tsv'))) {
  console.error(`there is no corpus at ${corpus}: name its folder with --corpus`)
  process.exit(2)
}
const named = readFileSync(new URL('../docs/conformance.md', import.meta.url), 'utf8')
const isNamed = (fingerprint: string): boolean => named.includes(`\`${fingerprint.slice(0, 8)}\``)

const folder = mkdtempSync(join(tmpdir(), 'corpus-certificates-'))
let unnamed = 0
function replay(data: string): void {
  const files = readFileSync(join(corpus, 'index.tsv'), 'utf8')
    .split('\n')
    .slice(1)
    .map((row) => row.split('\t')[1] ?? '')
    .filter((path) => path !== '' && path.includes(only))
    .map((path) => join(corpus, path))
  const main = new URL('../dist/main.js', import.meta.url).pathname
  const ran = spawnSync(process.execPath, [main, 'replay', '--data', data, ...files], {
    encoding: 'utf8',
    maxBuffer: 1 << 28,
  })
  // 4: a damaged file was read up to its damage.
  if (ran.status !== 0 && ran.status !== 4)
    throw new Error(`replay ended with ${ran.status}: ${ran.stderr.slice(-2000)}`)
}

interface Shown {
  role: 'server' | 'client'
  chain: string[]
  last_shown: string
  server_ip: string
}

async function compare(store: Store): Promise<void> {
  const first = { after_hash: '', after_role: '', after_ip: '', after_port: 0, after_name: '', after_provenance: '' }
  const shown = await store.select<Shown>('chains-to-judge', { ...first, basis: 'all', limit: 1_000_000 })
  const known = new KnownCertificates(store)
  await known.fetch(shown.flatMap(({ chain }) => chain))
  const fingerprints = [...new Set(shown.flatMap(({ chain }) => chain))]
  compareFields(fingerprints.flatMap((one) => known.of(one) ?? []))
  compareJudgements(shown, known)
}

function compareFields(certificates: readonly Candidate[]): void {
  const agree = new Map<string, number>()
  const differences: string[] = []
  let refused = 0
  for (const one of certificates) {
    const theirs = readByOpenssl(one.facts.der)
    if (theirs === null) {
      refused++
      if (one.facts.malformed === null) differences.push(`${one.facts.fingerprint} openssl does not read it`)
      continue
    }
    const ours = fieldsOf(one)
    for (const [field, value] of Object.entries(theirs)) {
      const isSame = JSON.stringify(ours[field]) === JSON.stringify(value)
      agree.set(field, (agree.get(field) ?? 0) + (isSame ? 1 : 0))
      if (!isSame) {
        differences.push(
          `${one.facts.fingerprint} ${field}: ours ${JSON.stringify(ours[field])}, openssl ${JSON.stringify(value)}`,
        )
      }
    }
  }
  console.log(`${certificates.length} certificates, ${refused} of them not read by openssl and malformed here\n`)
  for (const [field, count] of agree) console.log(`${field.padEnd(20)} ${count} of ${certificates.length - refused}`)
  tell('fields', differences)
}

function fieldsOf({ facts, usage }: Candidate): Fields {
  const time = (us: number | null) => (us === null ? null : `${new Date(us / 1000).toISOString().slice(0, 19)}Z`)
  return {
    subject: facts.subject,
    issuer: facts.issuer,
    serial_number: facts.serialNumber,
    not_before: time(facts.notBefore),
    not_after: time(facts.notAfter),
    key_type: facts.keyType,
    key_bits: facts.keyBits,
    signature: signatureName(facts.signatureAlgorithm, facts.signatureHash),
    is_ca: facts.isCa === true,
    path_length: usage.pathLength ?? -1,
    names: usage.hosts,
    addresses: usage.addresses.length,
    key_usage: usage.keyUsage,
    purposes: usage.purposes,
    subject_key_id: usage.subjectKeyId,
    authority_key_id: usage.authorityKeyId,
    ocsp: usage.ocspAddresses,
    issuer_addresses: usage.issuerAddresses,
    crl: usage.crlAddresses,
    policies: usage.policies,
    timestamps: usage.timestamps,
  }
}

/** As openssl calls it, in lower case. */
function signatureName(algorithm: string | null, hash: string | null): string {
  if (algorithm === 'rsa-pkcs1') return `${hash}withrsaencryption`
  if (algorithm === 'ecdsa') return `ecdsa-with-${hash}`
  return algorithm === 'rsa-pss' ? 'rsassapss' : algorithm === 'dsa' ? `dsawith${hash}` : (algorithm ?? '')
}

/** What a verifier who looks at chains alone goes on with all the same. */
const NO_REASON_TO_REFUSE: ReadonlySet<string> = new Set([
  'completed-chain',
  'wrong-order',
  'weak-issuer-hash',
  'weak-issuer-key',
])

function compareJudgements(shown: readonly Shown[], known: KnownCertificates): void {
  const roots = new Roots()
  const surroundings = { roots, seen: known.seen, signatures: new Signatures(), revocations: new RevocationLists() }
  const rootsFile = fileOf('roots', mozillaRoots().ders)
  const differences: string[] = []
  const kinds = new Map<string, number>()
  let taken = 0
  for (const { role, chain, last_shown } of shown) {
    const sent = chain.flatMap((one) => known.of(one) ?? [])
    const [leaf, ...others] = sent
    const timeUs = Date.parse(last_shown) * 1000
    const judgement = judgeChain({ sent, role, timeUs }, surroundings)
    if (leaf === undefined || judgement === null) continue
    const reasons = judgement.problems.filter((problem) => !NO_REASON_TO_REFUSE.has(problem))
    if (isExpired(leaf.facts.notAfter ?? Number.POSITIVE_INFINITY, timeUs)) reasons.push('issuer-expired')
    if (isNotYetValid(leaf.facts.notBefore ?? 0, timeUs)) reasons.push('issuer-not-yet-valid')
    const ok = judgement.anchor !== 'none' && reasons.length === 0
    const completing = judgement.path.filter(({ from }) => from === 'seen').map(({ certificate }) => certificate.der)
    const theirs = verifiedByOpenssl({
      leaf: fileOf('leaf', [leaf.facts.der]),
      untrusted: fileOf('untrusted', [...others.map(({ facts }) => facts.der), ...completing]),
      roots: rootsFile,
      timeS: Math.floor(timeUs / 1e6),
      purpose: role === 'server' ? 'sslserver' : 'sslclient',
    })
    const kind = `${ok ? 'taken' : 'refused'}: ${judgement.problems.join(' ') || (ok ? 'no fault' : 'time of the leaf')}`
    kinds.set(kind, (kinds.get(kind) ?? 0) + 1)
    if (ok) taken++
    if (ok !== theirs.ok)
      differences.push(
        `${leaf.facts.fingerprint} ${last_shown} ours ${ok ? 'taken' : reasons.join(' ')}, openssl ${theirs.ok ? 'taken' : theirs.said}`,
      )
  }
  console.log(`\n${shown.length} chains at a place, ${taken} taken and ${shown.length - taken} refused here\n`)
  for (const [kind, count] of [...kinds].sort((a, b) => b[1] - a[1]))
    console.log(`${String(count).padStart(5)} ${kind}`)
  tell('judgements', differences)
}

function fileOf(name: string, ders: readonly Uint8Array[]): string {
  const path = join(folder, `${name}.pem`)
  const pem = (der: Uint8Array) =>
    `-----BEGIN CERTIFICATE-----\n${Buffer.from(der).toString('base64').replace(/.{64}/g, '$&\n').trimEnd()}\n-----END CERTIFICATE-----\n`
  writeFileSync(path, ders.map(pem).join(''))
  return path
}

function tell(what: string, differences: readonly string[]): void {
  const open = differences.filter((difference) => !isNamed(difference))
  unnamed += open.length
  console.log(`\ndifferences in ${what}: ${differences.length}, not named in docs/conformance.md: ${open.length}`)
  for (const difference of open) console.log(`  ${difference}`)
}

// Last: what is above is all there by now.
try {
  replay(join(folder, 'data'))
  const store = await openStore({ data: join(folder, 'data') })
  try {
    await compare(store)
  } finally {
    await store.close()
  }
} finally {
  rmSync(folder, { recursive: true, force: true })
}
process.exitCode = unnamed === 0 ? 0 : 1
