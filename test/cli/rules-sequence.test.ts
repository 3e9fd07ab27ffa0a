/** Sequences in rule tests: flows, certificates and intervals written in steps. */
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { readRuleTest } from '../../src/cli/rules/rule-test.ts'
import { runRuleTest } from '../../src/cli/rules/run-rule-test.ts'
import { FLOW_MEMBERS } from '../../src/cli/rules/sequence.ts'
import { recordsOfSequence } from '../../src/cli/rules/sequence-records.ts'
import type { OperatorError } from '../../src/core/errors.ts'
import { intransit } from './run.ts'

const root = mkdtempSync(join(tmpdir(), 'sequences-'))
afterAll(() => rmSync(root, { recursive: true, force: true }))

const DOCS = new URL('../../docs/', import.meta.url)
let made = 0

function folderWith(files: Record<string, string>): string {
  const folder = join(root, String(++made))
  mkdirSync(folder)
  for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text)
  return folder
}

const sequenceOf = (rule: string) => readRuleTest(folderWith({ 'rule.yaml': rule }), root).sequence
const recordsOf = (rule: string) => recordsOfSequence(sequenceOf(rule))

/** "ERR_USAGE: what is wrong. Fix: what to do." */
async function refusal(rule: string): Promise<string> {
  try {
    await runRuleTest(readRuleTest(folderWith({ 'rule.yaml': rule }), root))
  } catch (error) {
    const { code, message, fix } = error as OperatorError
    return `${code}: ${message}. Fix: ${fix}.`
  }
  return 'taken'
}

describe('a step', () => {
  it('is a flow as it should be where it says nothing', () => {
    const { flows } = recordsOf('sequence: [{ flow: {} }]')
    expect(flows).toMatchObject([
      { first_seen: '2026-03-02T00:00:00.000000Z', server_ip: '10.0.2.20', server_port: 443, verdict: 'strong' },
    ])
  })

  it('says in what its flows differ, and null is what they have not', () => {
    const [flow] = recordsOf('sequence: [{ flow: { tls_version: 0x0303, server_name: null } }]').flows
    expect(flow).toMatchObject({ tls_version: 0x0303, verdict: 'strong' })
    expect(flow).not.toHaveProperty('server_name')
  })

  it('follows the one before, begins after it, or at a time', () => {
    const { flows } = recordsOf(
      'sequence: [{ flow: {}, times: 3, every: 1m }, { flow: {} }, { flow: {}, after: 1.5h }, { flow: {}, at: 500ms }]',
    )
    expect(flows.map(({ first_seen }) => first_seen.slice(11, 23))).toEqual([
      '00:00:00.000',
      '00:00:00.500',
      '00:01:00.000',
      '00:02:00.000',
      '00:02:01.000',
      '01:32:01.000',
    ])
  })

  it('takes values in turn', () => {
    const cycle = 'cycle: { server_ip: [10.0.0.1, 10.0.0.2, 10.0.0.3], server_name: [a, null] }'
    const { flows } = recordsOf(`sequence: [{ flow: {}, times: 5, ${cycle} }]`)
    expect(flows.map(({ server_ip, server_name }) => `${server_ip} ${server_name}`)).toEqual([
      '10.0.0.1 a',
      '10.0.0.2 undefined',
      '10.0.0.3 a',
      '10.0.0.1 undefined',
      '10.0.0.2 a',
    ])
  })

  it('has flows of their own: each another id, unless it says which', () => {
    const { flows } = recordsOf('sequence: [{ flow: {}, times: 50 }, { flow: {}, like: ssh, times: 50 }]')
    expect(new Set(flows.map(({ flow_id }) => flow_id)).size).toBe(100)
    const again = recordsOf(
      `sequence: [{ flow: { flow_id: "${'ab'.repeat(16)}" }, times: 3, cycle: { increment: [null, 1, 2] } }]`,
    )
    expect(new Set(again.flows.map(({ flow_id }) => flow_id)).size).toBe(1)
  })

  it('may be an interval of a sensor', () => {
    const { health } = recordsOf('sequence: [{ health: { kernel_drops: 7 }, times: 2 }, { health: {}, every: 5m }]')
    const seconds = health.map(({ window_start, window_end }) =>
      [window_start, window_end].map((at) => at.slice(14, 19)),
    )
    expect(seconds).toEqual([
      ['00:00', '00:10'],
      ['00:10', '00:20'],
      ['05:10', '10:10'],
    ])
    expect(health.map(({ kernel_drops }) => kernel_drops)).toEqual([7, 7, 0])
  })

  it('shows certificates by their names', () => {
    const { flows, certificates } = recordsOf(
      'certificates: { a: { spki_sha256: one }, b: { spki_sha256: one, not_after: 2027-01-01 } }\n' +
        `sequence: [{ flow: { server_certificates: [b, ${'ab'.repeat(32)}] } }]`,
    )
    expect(certificates).toMatchObject([
      { not_before: '2026-02-23T00:00:00.000000Z' },
      { not_after: '2027-01-01T00:00:00.000000Z', spki_sha256: certificates[0]?.['spki_sha256'] },
    ])
    expect(flows[0]?.['server_certificates']).toEqual([certificates[1]?.fingerprint_sha256, 'ab'.repeat(32)])
  })
})

describe('a sequence is refused', () => {
  it.each([
    { why: 'a step with an unknown word', rule: 'sequence: [{ flow: {}, time: 3 }]', says: /did you mean times\?/ },
    { why: 'an unknown member', rule: 'sequence: [{ flow: { tls_versoin: 1 } }]', says: /did you mean tls_version\?/ },
    {
      why: 'an unknown member in turn',
      rule: 'sequence: [{ flow: {}, cycle: { ja5: [a] } }]',
      says: /did you mean ja3\?/,
    },
    { why: 'an unknown counter', rule: 'sequence: [{ health: { kernel_drop: 1 } }]', says: /mean kernel_drops\?/ },
    {
      why: 'an unknown member of a certificate',
      rule: 'certificates: { a: { isuer: x } }\nsequence: [{ flow: {} }]',
      says: /:2: certificates: a: isuer: .*did you mean issuer\?/,
    },
    {
      why: 'a value of another type',
      rule: 'sequence: [{ flow: { tls_version: "1.3" } }]',
      says: /flow: tls_version: /,
    },
    {
      why: 'a verdict that is none',
      rule: 'sequence: [{ flow: { verdict: plantext } }]',
      says: /verdict: .*plaintext/,
    },
    { why: 'a port that is none', rule: 'sequence: [{ flow: { server_port: 70000 } }]', says: /65535/ },
    {
      why: 'an address that is none',
      rule: 'sequence: [{ flow: { server_ip: 10.0.0 } }]',
      says: /expected an address/,
    },
    { why: 'a time without a unit', rule: 'sequence: [{ flow: {}, every: "5" }]', says: /expected a time as 30s/ },
    { why: 'a time before the start', rule: 'sequence: [{ flow: {}, at: -1d }]', says: /expected a time as 30s/ },
    { why: 'two beginnings', rule: 'sequence: [{ flow: {}, at: 1s, after: 1s }]', says: /either at or after/ },
    { why: 'a step of nothing', rule: 'sequence: [{ times: 3 }]', says: /either a flow or an interval/ },
    { why: 'a step of both', rule: 'sequence: [{ flow: {}, health: {} }]', says: /either a flow or an interval/ },
    { why: 'turns of an interval', rule: 'sequence: [{ health: {}, cycle: {} }]', says: /words of flows/ },
    { why: 'no step', rule: 'sequence: []', says: /sequence: / },
    { why: 'too many of one step', rule: 'sequence: [{ flow: {}, times: 100001 }]', says: /100000/ },
    {
      why: 'too many of all steps',
      rule: 'sequence: [{ flow: {}, times: 60000 }, { health: {}, times: 60000 }]',
      says: /more than 100000 records/,
    },
    { why: 'too long a time', rule: 'sequence: [{ flow: {}, times: 9000, every: 1d }]', says: /more than ten years/ },
    { why: 'times beyond any date', rule: 'sequence: [{ flow: {}, at: 9999999d }]', says: /more than ten years/ },
    {
      why: 'a certificate that is not there',
      rule: 'certificates: { leaf: {} }\nsequence: [{ flow: { server_certificates: [laef] } }]',
      says: /no certificate laef\. Fix: did you mean leaf\?/,
    },
    {
      why: 'certificates of nobody',
      rule: 'certificates: { leaf: {} }\nrecords: a.jsonl',
      says: /those of a sequence/,
    },
    {
      why: 'a file of alerts that is not there',
      rule: 'alerts: a.yaml\nsequence: [{ flow: {} }]',
      says: /cannot be read/,
    },
  ])('for $why', async ({ rule, says }) => {
    const said = await refusal(`detectors: A1\n${rule}`)
    expect(said).toMatch(/^ERR_USAGE: /)
    expect(said).toMatch(says)
  })
})

describe('docs/rules.md', () => {
  const text = readFileSync(new URL('rules.md', DOCS), 'utf8')
  const examples = [...text.matchAll(/```yaml\n(about:[\s\S]*?)```\n\n```yaml\n(alerts:[\s\S]*?)```/g)]

  it('has examples that pass', () => {
    expect(examples).toHaveLength(2)
    for (const [, rule = '', expected = ''] of examples) {
      const ran = intransit(['rules', 'test', folderWith({ 'rule.yaml': rule, 'expected.yaml': expected })])
      expect(ran.stdout).toMatch(/^1 test: 1 passed, 0 failed$/m)
    }
  })
})

it('knows every member of the flow record but its times', () => {
  const rows = readFileSync(new URL('flow-record.md', DOCS), 'utf8').match(/^\| `.*?(?= \| )/gm) ?? []
  const documented = rows.flatMap((row) => [...row.matchAll(/`([a-z0-9_]+)`/g)].map(([, name]) => name as string))
  const times = ['first_seen', 'last_seen']
  expect(Object.keys(FLOW_MEMBERS).sort()).toEqual(documented.filter((name) => !times.includes(name)).sort())
})

it('goes by the thresholds of a file of alerts', async () => {
  const files = {
    'rule.yaml': 'detectors: A1\nalerts: ours.yaml\nsequence: [{ flow: {}, times: 5 }, { flow: {}, like: cleartext }]',
    'ours.yaml': 'rules: { A1: { settings: { encrypted_flows: 5, plaintext_flows: 1 } } }',
  }
  expect((await runRuleTest(readRuleTest(folderWith(files), root))).alerts).toMatchObject([{ rule: 'A1' }])
})
