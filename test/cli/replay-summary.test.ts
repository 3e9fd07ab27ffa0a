import { expect, it } from 'vitest'
import { describeRoom } from '../../src/cli/replay-summary.ts'

const NONE = { flows: 9, subjectsEvicted: 0, findingsEvicted: 0, findingsRefused: 0, eventsDropped: 0 }

it('says what detectors had no room for, and nothing where there was enough', () => {
  expect(describeRoom(NONE)).toEqual([])
  expect(describeRoom({ ...NONE, subjectsEvicted: 1, findingsEvicted: 20, findingsRefused: 3000 })).toEqual([
    'note: so many findings are open that there was no room for another, 3,000 times',
    'note: 20 findings made way for others',
    'note: detectors forgot 1 subject to make room',
  ])
})
