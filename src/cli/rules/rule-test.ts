/** A rule test as it stands in its folder: rule.yaml, captures, and what is expected of them. docs/rules.md has the words. */
import { existsSync, readdirSync } from 'node:fs'
import { basename, join, relative } from 'node:path'
import * as z from 'zod'
import { FINDING_STATES } from '../../alert/finding.ts'
import { DEFAULT_POLICY } from '../../classify/index.ts'
import { SEVERITIES } from '../../classify/policy.ts'
import { OperatorError } from '../../core/errors.ts'
import { VERDICTS } from '../../core/verdict.ts'
import { readYamlFile } from '../yaml-file.ts'
import { CERTIFICATES, SEQUENCE, type Sequence } from './sequence.ts'

const text = z.string().min(1)
const oneOrMore = z.union([text.transform((one) => [one]), z.array(text).min(1)], {
  error: 'expected a text, or a list of them',
})

const RULE = z
  .strictObject({
    about: text,
    policy: oneOrMore,
    'policy-date': z.iso.date(),
    rules: oneOrMore,
    detectors: oneOrMore,
    alerts: text,
    captures: oneOrMore,
    records: oneOrMore,
    sequence: SEQUENCE,
    certificates: CERTIFICATES,
    filter: text,
  })
  .partial()
  .refine(({ sequence, certificates }) => certificates === undefined || sequence !== undefined, {
    error: 'certificates are those of a sequence',
  })

const EXPECTED_FINDING = z.strictObject({
  rule: text,
  server: text.optional(),
  protocol: text.optional(),
  capture: text.optional(),
  flows: z.int().min(1).optional(),
})

const EXPECTED_ALERT = z.strictObject({
  rule: text,
  subject: text.optional(),
  severity: z.enum(SEVERITIES).optional(),
  must_fix: text.optional(),
  state: z.enum(FINDING_STATES).optional(),
  flows: z.int().min(1).optional(),
})

const EXPECTED = z
  .strictObject({
    findings: z.array(EXPECTED_FINDING),
    alerts: z.array(EXPECTED_ALERT),
    verdicts: z.partialRecord(z.enum(VERDICTS), z.int().min(0)),
  })
  .partial()
  .refine((expected) => Object.keys(expected).length > 0, {
    error: 'nothing is expected: write findings, alerts or verdicts; "findings: []" expects none',
  })
export type Expected = z.infer<typeof EXPECTED>

export interface RuleTest {
  /** Its folder, below the one that was asked for. */
  readonly name: string
  readonly about: string
  readonly policy: readonly string[]
  readonly policyDate: string | null
  /** "pack/rule": findings of others are not looked at; null = all are. */
  readonly rules: readonly string[] | null
  /** By id or name: alerts of others are not looked at; null = all are. */
  readonly detectors: readonly string[] | null
  /** A file of docs/alerts.md, by whose thresholds, zones and suppressions detectors go; null = the defaults. */
  readonly alerts: string | null
  readonly captures: readonly string[]
  /** Files of flow records, a JSON line each: what no capture shows, as a month. */
  readonly records: readonly string[]
  readonly sequence: Sequence
  readonly filter: string | null
  /** Null where the folder does not say yet. */
  readonly expected: Expected | null
}

const RULE_FILE = 'rule.yaml'
const EXPECTED_FILES = ['expected.yaml', 'expected.json'] as const
const CAPTURE = /\.(pcap|pcapng|cap)(\.gz|\.zst)?$/
const FIX = 'write it as docs/rules.md says'
/** Folders below one another; links are not followed. */
const MAX_DEPTH = 8

/** Folders with a rule.yaml, in order. @throws OperatorError ERR_USAGE where there is none */
export function findRuleTests(folder: string): string[] {
  const found: string[] = []
  const look = (at: string, depth: number): void => {
    if (existsSync(join(at, RULE_FILE))) found.push(at)
    if (depth === MAX_DEPTH) return
    for (const entry of entriesOf(at)) if (entry.isDirectory()) look(join(at, entry.name), depth + 1)
  }
  look(folder, 0)
  if (found.length > 0) return found
  throw new OperatorError('ERR_USAGE', `${folder} holds no ${RULE_FILE}`, 'name a folder of tests (docs/rules.md)')
}

const entriesOf = (folder: string) =>
  (existsSync(folder) ? readdirSync(folder, { withFileTypes: true }) : []).sort((a, b) => (a.name < b.name ? -1 : 1))

/** @throws OperatorError ERR_USAGE */
export function readRuleTest(folder: string, root: string): RuleTest {
  const rule = readYamlFile(join(folder, RULE_FILE), RULE, { what: 'the test', whose: 'a rule test', fix: FIX })
  const name = relative(root, folder) || basename(folder)
  const hasOthers = rule.records !== undefined || rule.sequence !== undefined
  return {
    name,
    about: rule.about ?? name,
    policy: (rule.policy ?? [DEFAULT_POLICY]).map((one) => (/[/\\]|\.json$/.test(one) ? join(folder, one) : one)),
    policyDate: rule['policy-date'] ?? null,
    rules: rule.rules ?? null,
    detectors: rule.detectors ?? null,
    alerts: rule.alerts === undefined ? null : join(folder, rule.alerts),
    captures: rule.captures === undefined && hasOthers ? [] : capturesOf(folder, rule.captures),
    records: (rule.records ?? []).map((one) => join(folder, one)),
    sequence: { steps: rule.sequence ?? [], certificates: rule.certificates ?? {} },
    filter: rule.filter ?? null,
    expected: readExpected(folder),
  }
}

/** Those that are named, from the folder on; else those in it. */
function capturesOf(folder: string, named: readonly string[] | undefined): string[] {
  if (named !== undefined) return named.map((one) => join(folder, one))
  const inIt = entriesOf(folder).filter((entry) => CAPTURE.test(entry.name))
  if (inIt.length > 0) return inIt.map((entry) => join(folder, entry.name))
  throw new OperatorError('ERR_USAGE', `${folder} holds no capture`, 'put one there, or name some after captures:')
}

function readExpected(folder: string): Expected | null {
  const [file, other] = EXPECTED_FILES.map((name) => join(folder, name)).filter((path) => existsSync(path))
  if (other !== undefined) throw new OperatorError('ERR_USAGE', `${folder} says twice what is expected`, FIX)
  if (file === undefined) return null
  return readYamlFile(file, EXPECTED, { what: 'what is expected', whose: 'an expectation', fix: FIX })
}
