import { spawnSync } from 'node:child_process'
import { describe, expect, it } from 'vitest'
import { loadPolicy } from '../../src/classify/index.ts'
import { parseCondition } from '../../src/export/fail-on.ts'
import { JUNIT } from '../../src/export/junit.ts'
import { context, flow, PLAIN, summaryOf } from './made-records.ts'

const packs = [loadPolicy('sec09-recommended')]
const hasPython = spawnSync('python3', ['-c', 'import xml.etree.ElementTree']).status === 0

const xmlOf = (...args: Parameters<typeof summaryOf>): string => JUNIT.begin(context({ packs })).end(summaryOf(...args))

const caseOf = (xml: string, name: string): string | undefined =>
  xml.match(/<testcase (?:[^>]*\/>|[\s\S]*?<\/testcase>)/g)?.find((one) => one.includes(`name="${name}"`))

describe('a rule', () => {
  it('is a test case that passes or fails', () => {
    const xml = xmlOf([flow(PLAIN)])
    expect(caseOf(xml, 'cleartext')).toMatch(
      /<failure type="failed" message="[^"]+">[\s\S]*10\.0\.0\.2:80 http in a\.pcap: 1 flow/,
    )
    expect(caseOf(xml, 'suite-rc4')).not.toContain('<failure')
    expect(caseOf(xml, 'suite-unlisted')).toBeUndefined()
    expect(xml).toMatch(/<testsuites name="intransit" tests="\d+" failures="1" errors="0"/)
  })

  it('that no condition is about fails nothing, and is told all the same', () => {
    const condition = parseCondition('sec09-recommended/suite-rc4', packs)
    const xml = xmlOf([flow(PLAIN)], { failOn: [{ condition, why: null }] })
    expect(caseOf(xml, 'cleartext')).toMatch(/<system-out>[\s\S]*10\.0\.0\.2:80/)
    expect(xml).toContain('failures="0"')
  })
})

it('has a case for each condition and each capture', () => {
  const failOn = [{ condition: parseCondition('coverage<99', packs), why: 'coverage is 10 %' }]
  const captures = [
    { source: 'a', path: 'a.pcap', problem: null },
    { source: 'b', path: 'b.pcap', problem: 'ERR_X: cut off' },
  ]
  const xml = xmlOf([], { failOn, captures })
  expect(caseOf(xml, 'coverage&lt;99')).toContain('message="coverage is 10 %"')
  expect(caseOf(xml, 'a.pcap')).not.toContain('<error')
  expect(caseOf(xml, 'b.pcap')).toContain('<error type="capture" message="ERR_X: cut off"/>')
})

it.skipIf(!hasPython)('is well-formed whatever comes off the wire (python3 reads it)', () => {
  const captures = [{ source: 'x', path: '"<&>\'\u0000\u001b\ud800\uffff]]>.pcap', problem: 'a\u0007<b' }]
  const xml = xmlOf([flow({ ...PLAIN, source: '\u0001<]]>&\ud800' })], { captures })
  const script =
    'import sys,xml.etree.ElementTree as E; r=E.fromstring(sys.stdin.buffer.read()); print(r.tag, len(r.findall(".//testcase")), r.get("tests"))'
  const { stdout, stderr } = spawnSync('python3', ['-c', script], { input: xml, encoding: 'utf8' })
  expect(stderr).toBe('')
  const [tag, cases, tests] = stdout.trim().split(' ')
  expect(tag).toBe('testsuites')
  expect(cases).toBe(tests)
})
