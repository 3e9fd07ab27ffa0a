/** What a capture says of a mirror by what its agent judged: captures of this project, as such a mirror would show them. */
import { beforeAll, describe, expect, it } from 'vitest'
import { disguise, loadTemplates, random, type Template } from '../../bench/traffic.ts'
import { FeedWords } from '../../src/cli/capture-feed.ts'
import { createPipeline } from '../../src/cli/pipeline.ts'
import { createBatch } from '../../src/source/format.ts'

const DAY_US = 1_795_000_000_000_000

/** What a mirror leaves of a frame; null = nothing. */
type Mirror = (frame: Uint8Array) => Uint8Array | null

const chance = random(9)
const sampling: Mirror = (frame) => ((chance() >>> 8) % 2 === 0 ? frame : null)

const MIRRORS: { name: string; mirror: Mirror; says: RegExp[] }[] = [
  { name: 'all', mirror: (frame) => frame, says: [] },
  { name: 'half of all frames, by chance', mirror: sampling, says: [/have holes .* samples/] },
  { name: 'frames of 100 bytes', mirror: (frame) => frame.subarray(0, 100), says: [/frames that were cut/] },
]

let templates: Template[]

async function judged(mirror: Mirror) {
  const job = { policies: ['sec09-recommended'], policyDate: null, filter: null, sensor: 'one', shard: null }
  const nothing = async (): Promise<void> => undefined
  const { agent, drain, finish } = createPipeline(job, { flows: nothing, certificates: nothing })
  const next = random(3)
  for (let flow = 0; flow < 240; flow++) {
    const template = templates[flow % templates.length] as Template
    for (const [n, original] of template.frames.entries()) {
      const whole = disguise(template, original, flow, next)
      const frame = mirror(whole)
      if (frame === null) continue
      const batch = createBatch(new Uint8Array(frame), 1)
      batch.count = 1
      batch.captured[0] = frame.length
      batch.wire[0] = whole.length
      batch.time[0] = DAY_US + flow * 20_000 + n * 100
      batch.link[0] = 1
      agent.process(batch, 'mirror')
    }
    await drain(0)
  }
  await finish()
  await drain(0)
  return agent.stats.judged
}

describe('what is said of a mirror', () => {
  beforeAll(async () => {
    templates = await loadTemplates('captures')
  })

  it.each(MIRRORS)(
    'that shows $name',
    async ({ mirror, says }) => {
      const said = new FeedWords().note(await judged(mirror), 0, 0)
      expect(said).toEqual(says.map((pattern) => expect.stringMatching(pattern)))
      for (const line of said) expect(line).toMatch(/^\d[\d.]* % of its conversations /)
    },
    120_000,
  )

  it('is that frames were lost here where they were', async () => {
    const stats = await judged(sampling)
    expect(new FeedWords().note(stats, 9, 0)).toEqual([expect.stringContaining('frames were lost here')])
  }, 120_000)

  it('is said once in ten minutes, and of what came since', async () => {
    const stats = await judged(sampling)
    const words = new FeedWords()
    expect(words.note(stats, 0, 0)).toHaveLength(1)
    expect(words.note(stats, 0, 1_000_000)).toEqual([])
    stats.add(await judged((frame) => frame))
    expect(words.note(stats, 0, 2_000_000)).toEqual([])
    stats.add(await judged(sampling))
    expect(words.note(stats, 0, 2_100_000)).toHaveLength(1)
    stats.add(await judged(sampling))
    expect(words.note(stats, 0, 2_200_000)).toEqual([])
  }, 300_000)
})
