import { copyFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, describe, expect, it } from 'vitest'
import { CAPTURES, intransit } from './run.ts'

const SHIPPED = fileURLToPath(new URL('../../rules', import.meta.url))
const root = mkdtempSync(join(tmpdir(), 'rules-'))
afterAll(() => rmSync(root, { recursive: true, force: true }))

let made = 0

/** A folder with one test: RC4 and 3DES, unless it says otherwise. */
function test(files: Record<string, string>, captures = ['tls12-rc4.pcap', 'tls12-3des.pcap']) {
  const folder = join(root, String(++made))
  mkdirSync(join(folder, 'one'), { recursive: true })
  for (const name of captures) copyFileSync(join(CAPTURES, name), join(folder, 'one', name))
  for (const [name, text] of Object.entries({ 'rule.yaml': 'rules: sec09-recommended/suite-rc4', ...files })) {
    writeFileSync(join(folder, 'one', name), text)
  }
  return intransit(['rules', 'test', folder])
}

const RC4 = 'rule: sec09-recommended/suite-rc4'

it('passes all that are shipped, and each finds something but the near misses', () => {
  const ran = intransit(['rules', 'test', SHIPPED, '--json'])
  const { tests, passed, failed, results } = JSON.parse(ran.stdout)
  expect(failed).toBe(0)
  expect(tests).toBe(passed)
  expect(tests).toBeGreaterThanOrEqual(20)
  for (const { name, found } of results) {
    const isMiss = /-(?:near-miss|blind)$/.test(name)
    if (isMiss) expect(found.alerts, name).toEqual([])
    else expect([...found.findings, ...(found.alerts ?? [])].length, name).toBeGreaterThan(0)
  }
  expect(ran.status).toBe(0)
})

describe('a test', () => {
  it.each([
    { name: 'all that is expected is found', expected: `findings: [{ ${RC4}, server: "10.11.0.3:443", flows: 1 }]` },
    { name: 'a line without an endpoint stands for any', expected: `findings: [{ ${RC4} }]` },
    { name: 'verdicts are as many', expected: 'verdicts: { weak: 2, plaintext: 0 }' },
  ])('passes where $name', ({ expected }) => {
    const ran = test({ 'expected.yaml': expected })
    expect(ran.stdout).toMatch(/^ok {3}one\n1 test: 1 passed, 0 failed\n$/)
    expect(ran.status).toBe(0)
  })

  it('may be written in JSON', () => {
    const expected = { findings: [{ rule: 'sec09-recommended/suite-rc4', capture: 'tls12-rc4.pcap' }] }
    expect(test({ 'expected.json': JSON.stringify(expected) }).status).toBe(0)
  })

  it.each([
    {
      name: 'something is missing',
      expected: `findings: [{ ${RC4} }, { ${RC4}, server: "10.0.0.9:1" }]`,
      says: /expected and not found: sec09-recommended\/suite-rc4 at 10\.0\.0\.9:1$/m,
    },
    {
      name: 'something is found beyond',
      expected: 'findings: []',
      says: /found and not expected: sec09-recommended\/suite-rc4 at 10\.11\.0\.3:443 tls in tls12-rc4\.pcap, 1 flow$/m,
    },
    {
      name: 'flows are not as many',
      expected: `findings: [{ ${RC4}, flows: 7 }]`,
      says: /suite-rc4: found 1 flow, expected 7$/m,
    },
    { name: 'verdicts are others', expected: 'verdicts: { strong: 1 }', says: /strong: found 0 flows, expected 1$/m },
  ])('fails with status 9 where $name', ({ expected, says }) => {
    const ran = test({ 'expected.yaml': expected })
    expect(ran.stdout).toMatch(says)
    expect(ran.stdout).toMatch(/^FAIL one$/m)
    expect(ran.status).toBe(9)
  })

  it.each([
    {
      name: 'an unknown word',
      files: { 'rule.yaml': 'a: 1\nrule: x', 'expected.yaml': 'findings: []' },
      says: /rule\.yaml:1: a: a rule test has no such option/,
    },
    {
      name: 'a word that is nearly right',
      files: { 'rule.yaml': 'rule: x', 'expected.yaml': 'findings: []' },
      says: /did you mean rules\?/,
    },
    {
      name: 'a rule that no pack has',
      files: { 'rule.yaml': 'rules: sec09-recommended/suite-rc5', 'expected.yaml': 'findings: []' },
      says: /no rule sec09-recommended\/suite-rc5\. Fix: did you mean sec09-recommended\/suite-rc4\?/,
    },
    {
      name: 'an expectation of a rule that no pack has',
      files: { 'expected.yaml': 'findings: [{ rule: x/y }]' },
      says: /no rule x\/y/,
    },
    { name: 'an expectation of nothing', files: { 'expected.yaml': '{}' }, says: /nothing is expected/ },
    { name: 'no expectation', files: {}, says: /found was \{"findings":\[\{"rule":"sec09-recommended\/suite-rc4"/ },
    {
      name: 'a pack that is not there',
      files: { 'rule.yaml': 'policy: ./ours.json', 'expected.yaml': 'findings: []' },
      says: /ERR_POLICY_NOT_FOUND/,
    },
    {
      name: 'a capture that is not there',
      files: { 'rule.yaml': 'captures: gone.pcap', 'expected.yaml': 'findings: []' },
      says: /ERR_SOURCE_NOT_FOUND/,
    },
    {
      name: 'a capture that is none',
      files: { 'a.pcap': 'text, and long enough to be looked at', 'expected.yaml': 'findings: []' },
      says: /ERR_SOURCE_FORMAT/,
    },
    {
      name: 'a filter that is none',
      files: { 'rule.yaml': 'filter: tcp and', 'expected.yaml': 'findings: []' },
      says: /ERR_FILTER/,
    },
    {
      name: 'an alias that explodes',
      files: {
        'rule.yaml':
          'about: &a [x,x,x,x,x,x,x,x,x]\npolicy: &b [*a,*a,*a,*a,*a,*a,*a,*a,*a]\nrules: &c [*b,*b,*b,*b,*b,*b,*b,*b,*b]\nfilter: [*c,*c,*c,*c]',
        'expected.yaml': 'findings: []',
      },
      says: /alias/,
    },
  ])('that is wrong by $name fails and says so', ({ files, says }) => {
    const ran = test(files as Record<string, string>)
    expect(ran.stdout).toMatch(says)
    expect(ran.status).toBe(9)
  })

  it('asks the detectors where it names one, or expects an alert', () => {
    const both = {
      'rule.yaml': 'detectors: weak-suite',
      'expected.yaml': 'alerts: [{ rule: A9, severity: high }, { rule: A9, severity: medium }]',
    }
    // One finding a server: the captures are of one, and RC4 is worse than 3DES.
    expect(test(both).stdout).toMatch(/expected and not found: A9 medium$/m)
    expect(test({ ...both, 'expected.yaml': 'alerts: [{ rule: A9, severity: high, flows: 2 }]' }).status).toBe(0)
    expect(test({ ...both, 'expected.yaml': 'alerts: []' }).stdout).toMatch(
      /found and not expected: A9 of .*443.* high to fix by both open, 2 flows$/m,
    )
    expect(test({ ...both, 'expected.yaml': 'alerts: [{ rule: weak-suite }]' }).stdout).toMatch(/did you mean A9\?/)
    expect(test({ 'rule.yaml': 'detectors: weak-suit', 'expected.yaml': 'alerts: []' }).stdout).toMatch(
      /did you mean weak-suite\?/,
    )
  })

  it('takes records where there is no capture', () => {
    const lines = intransit(['replay', '--format', 'jsonl', join(CAPTURES, 'tls12-rc4.pcap')]).stdout
    const files = { 'rule.yaml': 'records: a.jsonl\nrules: sec09-recommended/suite-rc4', 'a.jsonl': lines }
    const expected = 'findings: [{ rule: sec09-recommended/suite-rc4, flows: 1 }]\nalerts: [{ rule: A9 }]'
    expect(test({ ...files, 'expected.yaml': expected }, []).stdout).toMatch(/^ok/)
    for (const [line, says] of [
      ['{', /a\.jsonl:1: not a JSON object/],
      ['{"flow_id":1}', /a\.jsonl:1: flow_id is no string/],
    ] as const) {
      const ran = test({ ...files, 'a.jsonl': line, 'expected.yaml': expected }, [])
      expect(ran.stdout).toMatch(says)
      expect(ran.status).toBe(9)
    }
  })

  it('with a pack of its own finds what that pack has', () => {
    const shipped = JSON.parse(intransit(['policy', 'show', 'sec09-recommended', '--json']).stdout)
    const rules = shipped.rules.filter(({ id }: { id: string }) => id === 'suite-small-block')
    const ran = test({
      'ours.json': JSON.stringify({ ...shipped, id: 'ours', rules }),
      'rule.yaml': 'policy: ./ours.json',
      'expected.yaml':
        'findings: [{ rule: ours/suite-small-block, capture: tls12-3des.pcap }]\nverdicts: { weak: 1, strong: 1 }',
    })
    expect(ran.stdout).toContain('1 passed')
  })
})

it('needs a folder with tests', () => {
  const ran = intransit(['rules', 'test', join(root, 'nothing')])
  expect(ran.stderr).toMatch(/^ERR_USAGE: .*rule\.yaml.*Fix: /)
  expect(ran.status).toBe(2)
})
