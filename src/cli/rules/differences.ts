/** What is expected held against what was found, in words. */
import type { Verdict } from '../../core/verdict.ts'
import type { Expected } from './rule-test.ts'
import type { Found } from './run-rule-test.ts'

export interface Difference {
  readonly kind: 'missing' | 'unexpected' | 'flows' | 'verdict'
  readonly text: string
}

/** A finding or an alert: words that must be the same, and flows. Of an expected one, what is left out may be anything. */
type Item = Readonly<Record<string, string | number | undefined>>

export const differencesOf = ({ findings, alerts, verdicts }: Expected, found: Found): Difference[] => [
  ...(findings === undefined ? [] : itemDifferences(findings, found.findings.map(asItem))),
  ...(alerts === undefined ? [] : itemDifferences(alerts, (found.alerts ?? []).map(asItem))),
  ...verdictDifferences(verdicts ?? {}, found.verdicts),
]

const asItem = (found: object): Item => ({ ...found })

/** Expected ones are all there are; each takes those that it describes. */
function itemDifferences(expected: readonly Item[], found: readonly Item[]): Difference[] {
  const left = new Set(found)
  const differences: Difference[] = []
  for (const one of mostExactFirst(expected)) {
    const taken = [...left].filter((item) => describes(one, item))
    for (const item of taken) left.delete(item)
    const flows = taken.reduce((sum, item) => sum + Number(item['flows']), 0)
    if (taken.length === 0) {
      differences.push({ kind: 'missing', text: `expected and not found: ${inWords(one)}` })
      continue
    }
    if (one['flows'] === undefined || one['flows'] === flows) continue
    differences.push({ kind: 'flows', text: `${inWords(one)}: found ${counted(flows)}, expected ${one['flows']}` })
  }
  const unexpected = [...left].map(
    (item): Difference => ({
      kind: 'unexpected',
      text: `found and not expected: ${inWords(item)}, ${counted(Number(item['flows']))}`,
    }),
  )
  return [...differences, ...unexpected]
}

const wordsOf = (item: Item): [string, string | number][] =>
  Object.entries(item).flatMap(([name, value]) => (value === undefined || name === 'flows' ? [] : [[name, value]]))

/** So that "anywhere" takes nothing that another line names. */
const mostExactFirst = (expected: readonly Item[]): Item[] =>
  [...expected].sort((a, b) => wordsOf(b).length - wordsOf(a).length)

const describes = (expected: Item, found: Item): boolean =>
  wordsOf(expected).every(([name, value]) => found[name] === value)

/** "sec09-recommended/suite-rc4 at 10.0.0.2:443 tls in a.pcap". */
const inWords = (item: Item): string =>
  wordsOf(item)
    .map(([name, value]) => `${BEFORE[name] ?? ''}${value}`)
    .join(' ')

const BEFORE: Readonly<Record<string, string>> = {
  server: 'at ',
  capture: 'in ',
  subject: 'of ',
  must_fix: 'to fix by ',
}

const counted = (flows: number): string => `${flows} flow${flows === 1 ? '' : 's'}`

function verdictDifferences(
  expected: Partial<Record<Verdict, number>>,
  found: Readonly<Record<Verdict, number>>,
): Difference[] {
  return (Object.entries(expected) as [Verdict, number][])
    .filter(([verdict, flows]) => found[verdict] !== flows)
    .map(([verdict, flows]) => ({
      kind: 'verdict',
      text: `${verdict}: found ${counted(found[verdict])}, expected ${flows}`,
    }))
}
