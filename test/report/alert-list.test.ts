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

it('says so when there is none', () => expect(renderFindings([])).toBe('No finding is open.\n'))
