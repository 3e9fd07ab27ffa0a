/** What is expected held against what was found, in words. */
import type { Verdict } from '../../core/verdict.ts'
import type { Expected, ExpectedFinding } from './rule-test.ts'
import type { Found, FoundFinding } from './run-rule-test.ts'

export interface Difference {
  readonly kind: 'missing' | 'unexpected' | 'flows' | 'verdict'
  readonly text: string
}

export const differencesOf = ({ findings, verdicts }: Expected, found: Found): Difference[] => [
  ...(findings === undefined ? [] : findingDifferences(findings, found.findings)),
  ...verdictDifferences(verdicts ?? {}, found.verdicts),
]

/** Expected findings are all there are; each takes those that it describes. */
function findingDifferences(expected: readonly ExpectedFinding[], found: readonly FoundFinding[]): Difference[] {
  const left = new Set(found)
  const differences: Difference[] = []
  for (const one of mostExactFirst(expected)) {
    const taken = [...left].filter((finding) => describes(one, finding))
    for (const finding of taken) left.delete(finding)
    const flows = taken.reduce((sum, finding) => sum + finding.flows, 0)
    if (taken.length === 0) {
      differences.push({ kind: 'missing', text: `expected and not found: ${inWords(one)}` })
      continue
    }
    if (one.flows === undefined || one.flows === flows) continue
    differences.push({ kind: 'flows', text: `${inWords(one)}: found ${counted(flows)}, expected ${one.flows}` })
  }
  const unexpected = [...left].map(
    (finding): Difference => ({
      kind: 'unexpected',
      text: `found and not expected: ${inWords(finding)}, ${counted(finding.flows)}`,
    }),
  )
  return [...differences, ...unexpected]
}

/** So that "anywhere" takes no finding that another line names. */
const mostExactFirst = (expected: readonly ExpectedFinding[]): ExpectedFinding[] => {
  const exactness = ({ server, protocol, capture }: ExpectedFinding): number =>
    [server, protocol, capture].filter((one) => one !== undefined).length
  return [...expected].sort((a, b) => exactness(b) - exactness(a))
}

const describes = ({ rule, server, protocol, capture }: ExpectedFinding, found: FoundFinding): boolean =>
  rule === found.rule &&
  (server === undefined || server === found.server) &&
  (protocol === undefined || protocol === found.protocol) &&
  (capture === undefined || capture === found.capture)

const inWords = ({ rule, server, protocol, capture }: ExpectedFinding | FoundFinding): string =>
  [
    rule,
    ...(server === undefined ? [] : [`at ${server}`]),
    ...(protocol === undefined ? [] : [protocol]),
    ...(capture === undefined ? [] : [`in ${capture}`]),
  ].join(' ')

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
