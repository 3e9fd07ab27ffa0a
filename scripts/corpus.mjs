/**
 * Scores our flow records against the open corpus, field by field, and holds each kind of flow to its bar.
 *
 *   npm run corpus                      every capture
 *   npm run corpus:short                a sixteenth of them, for CI
 *   node scripts/corpus.mjs --corpus DIR --only TEXT --show N
 */
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { compare } from './corpus-compare.mjs'
import { isExplained } from './corpus-explained.mjs'
import { GROUPS, readTruth, whereOf } from './corpus-groups.mjs'
import { replayAll } from './corpus-replay-all.mjs'

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

const replayed = await replayAll(corpus, values.only)
const { fields, extra, failed, captures } = compare(corpus, values.only, replayed)
const { totals, flowsOf, groupsOf } = readTruth(corpus, values.only)
const ours = new Set(replayed.flows.map(whereOfOurs))

/** An example of compare.mjs begins with the capture and the flow. */
const groupsOfExample = (example) => groupsOf.get(example.split(': want ')[0]) ?? []

const notes = []
let below = 0
for (const group of GROUPS) {
  console.log(
    `${group === GROUPS[0] ? '' : '\n'}flows over ${group.name} in ${captures} captures, bar ${group.bar} %\n`,
  )
  console.log(`${'field'.padEnd(24)} ${'truth'.padStart(6)} ${'agree'.padStart(6)} ${'%'.padStart(7)}`)
  for (const field of ['flow', ...group.fields]) scoreField(group, field)
}

function whereOfOurs({ source, transport, client_ip, client_port, server_ip, server_port }) {
  const flow = { proto: transport, src: client_ip, sport: client_port, dst: server_ip, dport: server_port }
  return whereOf(`captures/${source}`, flow)
}

/** The flows that we do not have; of a field, the differences that compare.mjs lists. */
function differencesOf(group, field) {
  if (field === 'flow') return flowsOf.get(group).filter((where) => !ours.has(where))
  return (fields[field]?.examples ?? []).filter((example) => groupsOfExample(example).includes(group))
}

function scoreField(group, field) {
  const truth = totals.get(group).get(field) ?? 0
  if (truth === 0) return
  const others = differencesOf(group, field)
  const percent = (100 * (truth - others.length)) / truth
  const isBelow = field !== 'flow' && percent < group.bar
  if (isBelow) below += 1
  for (const example of others) notes.push(`${field}: ${example}`)
  const mark = isBelow ? `  below ${group.bar}` : ''
  console.log(
    `${field.padEnd(24)} ${String(truth).padStart(6)} ${String(truth - others.length).padStart(6)} ${percent.toFixed(2).padStart(7)}${mark}`,
  )
}

/** compare.mjs lists 200 differences of a field at most: past that the figures here would flatter. */
const unlisted = GROUPS.flatMap((group) => group.fields).filter((field) => {
  const { differ = 0, missing = 0, examples = [] } = fields[field] ?? {}
  return differ + missing > examples.length
})
const unexplained = [...new Set([...notes, ...extra])].filter((note) => !isNamed(note))
console.log(`\nTLS facts where the truth has none: ${extra.length}`)
console.log(`captures that failed: ${failed.length}`)
console.log(`differences: ${notes.length}, not named in docs/conformance.md: ${unexplained.length}`)
for (const field of new Set(unlisted)) console.log(`${field}: more differences than compare.mjs lists`)
for (const note of [...unexplained, ...failed, ...extra, ...notes.slice(0, Number(values.show))])
  console.log(`  ${note}`)

/** A note says "captures/<capture> <transport>,<end>,<end>", and what differs behind it. */
function isNamed(note) {
  const [, path, ends] = /(captures\/\S+) \w+,([^,]+,\S+ \d+)/.exec(note) ?? []
  return path !== undefined && isExplained(path, ends.split(','))
}

// A field below the bar is no failure where every one of its differences is named with who is right.
if (unexplained.length > 0 || failed.length > 0 || unlisted.length > 0) process.exitCode = 1
if (below > 0) console.log(`${below} fields are below their bar: see docs/conformance.md`)
