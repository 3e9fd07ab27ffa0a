import { expect, it } from 'vitest'
import { replayFindings } from '../../src/alert/index.ts'
import { renderFindings } from '../../src/report/alert-list.ts'
import { goldenFlows } from '../alert/golden.ts'

it('tells findings in 80 columns: how bad, of what, how often, and whose it is', () => {
  const found = replayFindings({ flows: goldenFlows('tls12-null-cipher.pcap') })
  expect(found.length).toBeGreaterThan(0)
  const text = renderFindings(found)
  expect(text).toMatch(
    /^critical {2}A9\|[\d.]+:\d+\n {10}\S.*nothing is encrypted\n {10}open; \d+ flows?, the last at /m,
  )
  for (const line of text.split('\n')) expect(line.length).toBeLessThanOrEqual(80)
})

it('shows what was accepted apart, with owner, reason and expiry', () => {
  const found = replayFindings({
    flows: [...goldenFlows('tls12-null-cipher.pcap'), ...goldenFlows('mysql-plain.pcap')],
  })
  const exception = { owner: 'ada', reason: 'the lab moves in April', expires: '2027-04-30T00:00:00Z' }
  const listed = found.map((one) => (one.rule === 'A9' ? { ...one, exception } : one))
  const [open, accepted] = renderFindings(listed).split('Accepted, and told to nobody:\n')
  expect(open).toContain(' A5|')
  expect(open).not.toContain(' A9|')
  expect(accepted).toMatch(/^\ncritical {2}A9\|/)
  expect(accepted?.replace(/\s+/g, ' ')).toContain('open; accepted until 2027-04-30 by ada: the lab moves in April;')
  expect(renderFindings(found.map((one) => ({ ...one, exception })))).toMatch(/^No finding is open\.\n\nAccepted/)
})

it('says so when there is none', () => expect(renderFindings([])).toBe('No finding is open.\n'))
