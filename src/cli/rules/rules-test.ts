/** `intransit rules test`: rules as tests that are replayed, also those of a user's own. */
import { ERROR_CODES, OperatorError } from '../../core/errors.ts'
import { escapeBeyondAscii } from '../../core/json.ts'
import { printable } from '../../report/format.ts'
import { writeOut } from '../terminal.ts'
import { type Difference, differencesOf } from './differences.ts'
import { findRuleTests, readRuleTest } from './rule-test.ts'
import { type Found, runRuleTest } from './run-rule-test.ts'

interface Outcome {
  name: string
  about: string
  passed: boolean
  /** Why the test could not be run. */
  error: string | null
  differences: Difference[]
  found: Found | null
}

/** Returns the exit status. @throws OperatorError ERR_USAGE where the folder holds no test */
export async function rulesTest(folder: string, { json = false }: { json?: boolean }): Promise<number> {
  const outcomes: Outcome[] = []
  for (const at of findRuleTests(folder)) {
    const outcome = await outcomeOf(at, folder)
    outcomes.push(outcome)
    if (!json)
      await writeOut(
        printable(describe(outcome))
          .map((line) => `${line}\n`)
          .join(''),
      )
  }
  const failed = outcomes.filter(({ passed }) => !passed).length
  const summary = { tests: outcomes.length, passed: outcomes.length - failed, failed }
  if (json) await writeOut(`${escapeBeyondAscii(JSON.stringify({ ...summary, results: outcomes }, null, 2))}\n`)
  else await writeOut(`${counted(outcomes.length, 'test')}: ${summary.passed} passed, ${failed} failed\n`)
  return failed === 0 ? 0 : ERROR_CODES.ERR_RULES_TEST.exit
}

async function outcomeOf(folder: string, root: string): Promise<Outcome> {
  const outcome: Outcome = { name: folder, about: '', passed: false, error: null, differences: [], found: null }
  try {
    const test = readRuleTest(folder, root)
    outcome.name = test.name
    outcome.about = test.about
    const found = await runRuleTest(test)
    outcome.found = found
    if (test.expected === null) {
      outcome.error = `nothing says what is expected. Fix: write ${folder}/expected.yaml; found was ${asExpected(found)}`
      return outcome
    }
    outcome.differences = differencesOf(test.expected, found)
    outcome.passed = outcome.differences.length === 0
  } catch (error) {
    // One test that is wrong does not hide what the others say.
    if (!(error instanceof OperatorError)) throw error
    outcome.error = error.line
  }
  return outcome
}

/** To be read before it is copied: what was found need not be right. */
function asExpected({ findings, alerts, verdicts }: Found): string {
  const seen = Object.fromEntries(Object.entries(verdicts).filter(([, flows]) => flows > 0))
  return JSON.stringify({ findings, ...(alerts === null ? {} : { alerts }), verdicts: seen })
}

function describe({ name, about, passed, error, differences }: Outcome): string[] {
  const head = `${passed ? 'ok  ' : 'FAIL'} ${name}${about === name || about === '' ? '' : `: ${about}`}`
  return [head, ...(error === null ? [] : [`     ${error}`]), ...differences.map(({ text }) => `     ${text}`)]
}

const counted = (count: number, what: string): string => `${count} ${what}${count === 1 ? '' : 's'}`
