/**
 * Scores our flow records against the open corpus, field by field, for flows over TCP, and holds them to the bar.
 *
 *   npm run corpus                      every capture
 *   npm run corpus:short                a sixteenth of them, for CI
 *   node scripts/corpus.mjs --corpus DIR --only TEXT --show N
 */
import { execFileSync } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'

const BAR = 99.5
const BARRED = [
  'client_ip',
  'server_name',
  'offered_cipher_suites',
  'offered_groups',
  'tls_version',
  'cipher_suite',
  'ja3',
  'ja3s',
  'ja4',
  'server_certificates',
]

const { values } = parseArgs({
  options: {
    corpus: { type: 'string', default: '../shared/corpus' },
    only: { type: 'string', default: '' },
    show: { type: 'string', default: '0' },
  },
})
const corpus = values.corpus
if (!existsSync(join(corpus, 'compare.mjs'))) {
  console.error(`there is no corpus at ${corpus}: name its folder with --corpus`)
  process.exit(2)
}

const folder = mkdtempSync(join(tmpdir(), 'corpus-'))
const report = join(folder, 'report.json')
const script = new URL('./corpus-replay.mjs', import.meta.url).pathname
execFileSync(
  process.execPath,
  [
    join(corpus, 'compare.mjs'),
    '--command',
    `${process.execPath} ${script} {}`,
    '--json',
    report,
    ...(values.only === '' ? [] : ['--only', values.only]),
  ],
  { stdio: ['ignore', 'ignore', 'inherit'], maxBuffer: 1 << 30 },
)
const { fields, extra, failed, captures } = JSON.parse(readFileSync(report, 'utf8'))
rmSync(folder, { recursive: true })

/** What the truth has of each field over TCP: the figures of compare.mjs are of all transports together. */
function truthOverTcp() {
  const totals = new Map()
  const count = (field) => totals.set(field, (totals.get(field) ?? 0) + 1)
  for (const row of lines('index.tsv').slice(1)) {
    const [sha8, path] = row.split('\t')
    if (!path.includes(values.only) || !existsSync(join(corpus, 'truth', `${sha8}.jsonl`))) continue
    for (const line of lines(`truth/${sha8}.jsonl`)) countFlow(JSON.parse(line), sha8, count)
  }
  return totals
}

const lines = (file) => readFileSync(join(corpus, file), 'utf8').split('\n').filter(Boolean)

const ja4 = new Set(
  lines('ja4_expected.tsv')
    .slice(1)
    .map((row) => row.split('\t'))
    .map(([, client, sport, server, dport, , transport, , sha8]) =>
      [sha8, transport, client, sport, server, dport].join(),
    ),
)

function countFlow(flow, sha8, count) {
  if (flow.proto !== 'tcp') return
  const { client_hello: hello, server_hello: chosen } = flow
  count('flow')
  if (['syn', 'synack', 'clienthello'].includes(flow.initiator)) count('client_ip')
  if (hello) {
    count('server_name')
    count('offered_cipher_suites')
    if (hello.groups?.length) count('offered_groups')
    if (hello.ja3) count('ja3')
  }
  if (chosen) {
    count('tls_version')
    count('cipher_suite')
    if (chosen.ja3s) count('ja3s')
  }
  if (flow.certs?.length) count('server_certificates')
  if (ja4.has([sha8, 'tcp', flow.src, flow.sport, flow.dst, flow.dport].join())) count('ja4')
}

const totals = truthOverTcp()
let below = 0
const notes = []
console.log(`flows over TCP in ${captures} captures\n`)
console.log(`${'field'.padEnd(24)} ${'truth'.padStart(6)} ${'agree'.padStart(6)} ${'%'.padStart(7)}`)
for (const field of ['flow', ...BARRED]) {
  const truth = totals.get(field) ?? 0
  if (truth === 0) continue
  const others = (fields[field]?.examples ?? []).filter((example) => / tcp,/.test(example))
  const percent = (100 * (truth - others.length)) / truth
  const isBelow = field !== 'flow' && percent < BAR
  if (isBelow) below += 1
  notes.push(...others.map((example) => `${field}: ${example}`))
  const mark = isBelow ? `  below ${BAR}` : ''
  console.log(
    `${field.padEnd(24)} ${String(truth).padStart(6)} ${String(truth - others.length).padStart(6)} ${percent.toFixed(2).padStart(7)}${mark}`,
  )
}
const unexplained = [...notes, ...extra].filter((note) => !isNamed(note))
console.log(`\nTLS facts where the truth has none: ${extra.length}`)
console.log(`captures that failed: ${failed.length}`)
console.log(`differences: ${notes.length}, not named in docs/conformance.md: ${unexplained.length}`)
for (const note of [...unexplained, ...failed, ...extra, ...notes.slice(0, Number(values.show))])
  console.log(`  ${note}`)

/** docs/conformance.md names a difference by its capture. */
function isNamed(note) {
  const conformance = readFileSync(new URL('../docs/conformance.md', import.meta.url), 'utf8')
  const capture = /captures\/([0-9a-f]{8})/.exec(note)?.[1]
  return capture !== undefined && conformance.includes(capture)
}

// A field below the bar is no failure where every one of its differences is named with who is right.
if (unexplained.length > 0 || failed.length > 0) process.exitCode = 1
if (below > 0) console.log(`${below} fields are below ${BAR} %: see docs/conformance.md`)
