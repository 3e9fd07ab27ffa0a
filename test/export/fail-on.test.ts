import { describe, expect, it } from 'vitest'
import { loadPolicy } from '../../src/classify/index.ts'
import { parseCondition, whyFailed } from '../../src/export/fail-on.ts'
import type { FlowRecord } from '../../src/export/record.ts'
import { flow, PLAIN, summaryOf } from './made-records.ts'

const packs = [loadPolicy('sec09-recommended')]

const why = (condition: string, ...records: FlowRecord[]): string | null => {
  const { tally, findings } = summaryOf(records)
  return whyFailed(parseCondition(condition, packs), tally, findings)
}

const RC4 = { verdict: 'weak', violations: ['sec09-recommended/suite-rc4'], server_port: 443 } as const
const COOKIE = { verdict: 'plaintext', violations: ['sec09-recommended/cookie-without-same-site'] } as const

describe('a verdict', () => {
  it('holds where one flow has it', () => {
    expect(why('plaintext', flow(), flow(PLAIN))).toBe('1 flow is plaintext, the first to 10.0.0.2:80 http in a.pcap')
    expect(why('unknown', flow(), flow(PLAIN))).toBeNull()
  })
})

describe('a rule', () => {
  it('holds where it fails, and names where', () => {
    expect(why('sec09-recommended/suite-rc4', flow(RC4), flow({ ...RC4, server_ip: '2001:db8::1' }))).toBe(
      'sec09-recommended/suite-rc4 fails: 2 flows, 2 endpoints, the first 10.0.0.2:443 tcp in a.pcap',
    )
    expect(why('sec09-recommended/suite-rc4', flow(PLAIN))).toBeNull()
  })
})

describe('a severity', () => {
  it.each([
    { condition: 'critical', record: PLAIN, holds: true },
    { condition: 'info', record: PLAIN, holds: true },
    { condition: 'critical', record: RC4, holds: false },
    { condition: 'high', record: RC4, holds: true },
    { condition: 'low', record: COOKIE, holds: false },
    { condition: 'info', record: COOKIE, holds: true },
    { condition: 'critical', record: { violations: ['gone/rule'] }, holds: true },
  ])('$condition against $record.violations: $holds', ({ condition, record, holds }) =>
    expect(why(condition, flow(record)) !== null).toBe(holds),
  )
})

describe('coverage', () => {
  const UNKNOWN = { verdict: 'unknown' } as const
  it.each([
    { condition: 'coverage<100', records: [flow()], holds: false },
    { condition: 'coverage<50', records: [flow(), flow(PLAIN)], holds: false },
    { condition: 'coverage<50.1', records: [flow(), flow(PLAIN)], holds: true },
    { condition: 'coverage<99%', records: [flow(), flow(UNKNOWN)], holds: false },
    { condition: 'coverage.low<51', records: [flow(), flow(UNKNOWN)], holds: true },
    { condition: 'coverage.high<100', records: [flow(), flow(PLAIN), flow(UNKNOWN)], holds: true },
    { condition: 'coverage.bytes<90', records: [flow({ bytes_client: 9100 }), flow(PLAIN)], holds: false },
    { condition: 'coverage.low.bytes<90', records: [flow(), flow(PLAIN)], holds: true },
    { condition: 'coverage<0', records: [flow(PLAIN)], holds: false },
  ])('$condition: $holds', ({ condition, records, holds }) => expect(why(condition, ...records) !== null).toBe(holds))

  it('of nothing that can be judged is not good enough', () => {
    expect(why('coverage<1')).toBe('no flow could be judged')
    expect(why('coverage<1', flow(UNKNOWN), flow({ verdict: 'exempt' }))).toBe('no flow could be judged')
    expect(why('coverage.low<1', flow(UNKNOWN))).toMatch(/^coverage by flows \(low\) is 0\.00 %/)
  })

  it('counts what dropped frames held as unknown', () => {
    const { tally } = summaryOf([flow(), flow()])
    tally.frames = 100
    tally.dropped = 50
    expect(tally.coverage('flows', 'point')).toBe(1)
    expect(tally.coverage('flows', 'low')).toBeCloseTo(2 / 3)
    expect(tally.coverage('flows', 'high')).toBe(1)
  })
})

describe('a mistake', () => {
  it.each([
    { text: 'plaintxt', fix: /, as plaintext$/ },
    { text: 'hihg', fix: /, as high$/ },
    { text: 'coverage', fix: /, as coverage<99$/ },
    { text: 'coverage<101', fix: /coverage<99/ },
    { text: 'coverage>99', fix: /coverage<99/ },
    { text: 'coverage.edges<9', fix: /coverage<99/ },
    { text: 'coverage.low.high<9', fix: /coverage<99/ },
    { text: 'sec09-recommended/suite-rc5', fix: /, as sec09-recommended\/suite-rc4$/ },
    { text: 'sec09-literal/cleartext', fix: /docs\/ci\.md/ },
    { text: 'sec09-recommended/suite-unlisted', fix: /name a rule that fails/ },
    { text: '', fix: /docs\/ci\.md/ },
  ])('as "$text" is told with what was meant', ({ text, fix }) => {
    let error: unknown
    try {
      parseCondition(text, packs)
    } catch (thrown) {
      error = thrown
    }
    expect(error).toMatchObject({ code: 'ERR_USAGE', fix: expect.stringMatching(fix) })
  })
})
