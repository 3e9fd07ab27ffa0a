/** Each test has a store of its own: one process can have only one embedded store open at a time. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { VERDICTS } from '../../src/core/verdict.ts'
import { flowLine } from '../store/lines.ts'
import { scrape } from './scrape.ts'
import { type Served, serveCaptures } from './served.ts'

let served: Served
beforeEach(async () => {
  served = await serveCaptures({ filled: false })
})
afterEach(() => served.end())

describe('series', () => {
  const count = (series: Map<string, number>, name: string): number =>
    [...series.keys()].filter((key) => key.startsWith(`intransit_${name}{`)).length

  it('are bounded, whatever is on the wire', async () => {
    const now = new Date().toISOString()
    const lines = Array.from({ length: 2000 }, (_, i) => {
      const der = i.toString(16).padStart(8, '0').padEnd(64, '0')
      const flow = { first_seen: now, last_seen: now, violations: [`pack-${i}/rule`], server_certificates: [der] }
      const line = flowLine({ name: `${i}`, verdict: 'weak', server: `10.${i >> 8}.${i & 255}.1`, ...flow })
      const certificate = { fingerprint_sha256: der, der: '', self_issued: false, not_after: '2027-01-01T00:00:00Z' }
      return { line, certificate: JSON.stringify({ ...certificate, subject: `CN=${'"\\\n'.repeat(200)}${i}` }) }
    })
    await served.store.insertFlows(lines.map(({ line }) => line).join(''), lines.length, 'a')
    await served.store.insertCertificates(lines.map(({ certificate }) => certificate).join('\n'), lines.length, 'b')
    const series = await scrape((await served.start()).url)
    expect(count(series, 'cert_not_after_timestamp_seconds')).toBe(100)
    expect(count(series, 'policy_violations')).toBe(500)
    expect(count(series, 'flows')).toBe(VERDICTS.length)
    expect(series.get('intransit_flows{verdict="weak"}')).toBe(2000)
  })

  it('are none where nothing can be judged', async () => {
    const series = await scrape((await served.start()).url)
    expect([...series.keys()].filter((key) => key.includes('bound="point"'))).toEqual([])
    expect(series.get('intransit_flows{verdict="plaintext"}')).toBe(0)
  })

  it('are of the window only', async () => {
    const line = (name: string, at: string) => flowLine({ name, verdict: 'strong', first_seen: at, last_seen: at })
    await served.store.insertFlows(line('a', new Date(Date.now() - 3 * 3_600_000).toISOString()), 1, 'a')
    await served.store.insertFlows(line('b', new Date().toISOString()), 1, 'b')
    const flowsIn = async (metricsWindowHours: number) =>
      (await scrape((await served.start({ metricsWindowHours })).url)).get('intransit_flows{verdict="strong"}')
    expect([await flowsIn(2), await flowsIn(4)]).toEqual([1, 2])
  })
})
