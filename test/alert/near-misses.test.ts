/** A near miss is near: with any of its detector's thresholds eased by the least, something in it is found. */
import { describe, expect, it } from 'vitest'
import { DETECTORS, replayFindings } from '../../src/alert/index.ts'
import { readAlertsFile } from '../../src/cli/alert-config.ts'
import { sequenceTests } from './rule-tests.ts'

/** A wider window finds more; of all other settings less does. */
const WIDER = new Set(['A1 window_days', 'A7 window_days', 'A13 info_ratio'])

/**
 * Thresholds of the severity alone; how coverage is weighed, which season.test.ts and the firing tests hold; and a ratio of
 * which one conversation of 200 is more.
 */
const OTHERS =
  /^(A13 (warn_ratio|critical_ratio|critical_h|critical_from_days)|A22 window_min|A23 (?!warmup_samples).*|A35 truncated_ratio)$/

/** One of what is counted, a fiftieth of what is not. Of 48 samples the lab of A23 has five. */
function eased(name: string, value: number): number {
  if (name === 'A23 warmup_samples') return 5
  const least = Number.isInteger(value) && !name.endsWith('sigmas') ? 1 : value / 50
  return WIDER.has(name) ? value + least : value - least
}

const THRESHOLDS = DETECTORS.flatMap(({ id, name, defaults }) =>
  Object.entries(defaults).map(([setting, value]) => ({ id, name, setting, value, label: `${id} ${setting}` })),
).filter(({ label }) => !OTHERS.test(label))

describe.each(THRESHOLDS)('$label', ({ id, name, setting, value, label }) => {
  const near = sequenceTests().find((one) => one.name === `alert-${name}-near-miss`)

  it(`holds a near miss back, and ${eased(label, value)} does not`, () => {
    expect(near).toBeDefined()
    if (near === undefined) return
    const config = near.test.alerts === null ? undefined : readAlertsFile(near.test.alerts).config
    const rules = { ...config?.rules, [id]: { ...config?.rules[id], settings: { [setting]: eased(label, value) } } }
    const found = (changed: typeof rules) =>
      replayFindings(near.records, { zones: config?.zones ?? {}, suppressions: [], rules: changed })
        .filter(({ rule }) => rule === id)
        .map(({ key }) => key)
    expect(found(config?.rules ?? {})).toEqual([])
    expect(found(rules)).not.toEqual([])
  })
})
