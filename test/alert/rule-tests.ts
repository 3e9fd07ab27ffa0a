/** The rule tests that are shipped, and the records of those that have a sequence. */
import { fileURLToPath } from 'node:url'
import type { CertificateRecord, FlowRecord, HealthRecord } from '../../src/alert/index.ts'
import { findRuleTests, type RuleTest, readRuleTest } from '../../src/cli/rules/rule-test.ts'
import { recordsOfSequence } from '../../src/cli/rules/sequence-records.ts'

const SHIPPED = fileURLToPath(new URL('../../rules', import.meta.url))

export const ruleTests = (): RuleTest[] => findRuleTests(SHIPPED).map((folder) => readRuleTest(folder, SHIPPED))

interface Records {
  readonly certificates: readonly CertificateRecord[]
  readonly flows: readonly FlowRecord[]
  readonly health: readonly HealthRecord[]
}

export const sequenceTests = (): { name: string; test: RuleTest; records: Records }[] =>
  ruleTests()
    .filter(({ sequence }) => sequence.steps.length > 0)
    .map((test) => ({
      name: test.name,
      test,
      records: recordsOfSequence(test.sequence) as unknown as Records,
    }))
