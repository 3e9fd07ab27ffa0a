/** JUnit XML, as Jenkins, GitLab and others read it: a suite for the captures, for the conditions, and for each policy pack. */
import { inForce, type PolicyPack } from '../classify/policy.ts'
import { concerns, where } from './fail-on.ts'
import type { Finding } from './findings.ts'
import type { ExportContext, ExportFormat, ExportSummary } from './format.ts'

/** A test case; nothing in it = passed. */
interface Case {
  readonly name: string
  readonly failure?: { readonly message: string; readonly text: string } | undefined
  readonly error?: string | undefined
  /** Worth knowing, and no failure. */
  readonly note?: string | undefined
}

interface Suite {
  readonly name: string
  readonly cases: readonly Case[]
}

/** Endpoints listed of one rule; the rest is counted. */
const MAX_LISTED = 20

function suitesOf({ packs, policyDate }: ExportContext, summary: ExportSummary): Suite[] {
  return [
    {
      name: 'captures',
      cases: summary.captures.map(({ path, problem }) => ({ name: path, error: problem ?? undefined })),
    },
    {
      name: 'fail-on',
      cases: summary.failOn.map(({ condition, why }) => ({
        name: condition.text,
        failure: why === null ? undefined : { message: why, text: why },
      })),
    },
    ...packs.map((pack) => ({ name: pack.id, cases: rulesOf(pack, policyDate ?? pack.asOf, summary) })),
  ].filter(({ cases }) => cases.length > 0)
}

/** Those rules that fail flows; warnings never show up in a record. */
function rulesOf(pack: PolicyPack, day: string, { findings, failOn }: ExportSummary): Case[] {
  return pack.rules
    .filter((rule) => rule.outcome === 'fail' && inForce(rule, day))
    .map((rule) => {
      const found = findings.filter(({ violation }) => violation === `${pack.id}/${rule.id}`)
      const [first] = found
      if (first === undefined) return { name: rule.id }
      const text = `${rule.title}\n${list(found)}\nFix: ${rule.fix}`
      // Without conditions every rule counts; with them, only what they are about.
      const counts = failOn.length === 0 || failOn.some(({ condition }) => concerns(condition, first))
      return counts ? { name: rule.id, failure: { message: rule.title, text } } : { name: rule.id, note: text }
    })
}

function list(found: readonly Finding[]): string {
  const lines = found
    .slice(0, MAX_LISTED)
    .map((one) => `${where(one)}: ${one.flows === 1 ? '1 flow' : `${one.flows} flows`}`)
  const rest = found.length - MAX_LISTED
  return [...lines, ...(rest > 0 ? [`and ${rest} more`] : [])].join('\n')
}

function xmlOf(suites: readonly Suite[]): string {
  const all = suites.flatMap(({ cases }) => cases)
  const body = suites.map(
    ({ name, cases }) =>
      `  <testsuite name="${escapeXml(name)}" ${counts(cases)} time="0">\n${cases.map((one) => caseXml(name, one)).join('')}  </testsuite>\n`,
  )
  return `<?xml version="1.0" encoding="UTF-8"?>\n<testsuites name="intransit" ${counts(all)} time="0">\n${body.join('')}</testsuites>\n`
}

const counts = (cases: readonly Case[]): string =>
  `tests="${cases.length}" failures="${cases.filter(({ failure }) => failure !== undefined).length}" errors="${cases.filter(({ error }) => error !== undefined).length}"`

function caseXml(suite: string, { name, failure, error, note }: Case): string {
  const open = `    <testcase classname="intransit.${escapeXml(suite)}" name="${escapeXml(name)}" time="0"`
  const inner = [
    failure === undefined
      ? ''
      : `      <failure type="failed" message="${escapeXml(failure.message)}">${escapeXml(failure.text)}</failure>\n`,
    error === undefined ? '' : `      <error type="capture" message="${escapeXml(error)}"/>\n`,
    note === undefined ? '' : `      <system-out>${escapeXml(note)}</system-out>\n`,
  ].join('')
  return inner === '' ? `${open}/>\n` : `${open}>\n${inner}    </testcase>\n`
}

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&apos;',
}

/** XML 1.0 §2.2 allows no control characters, not even escaped. */
const escapeXml = (text: string): string =>
  text.replace(FORBIDDEN, '\ufffd').replace(/[&<>"']/g, (character) => ENTITIES[character] as string)

// biome-ignore lint/suspicious/noControlCharactersInRegex: those that XML forbids, and halves of surrogate pairs
const FORBIDDEN = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]|\p{Surrogate}/gu

export const JUNIT: ExportFormat = {
  about: 'JUnit XML, a test case for each rule of the packs and each --fail-on',
  begin: (context) => ({
    flow: () => '',
    certificate: () => undefined,
    end: (summary) => xmlOf(suitesOf(context, summary)),
  }),
}
