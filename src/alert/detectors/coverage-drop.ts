import { type Context, detector } from '../detector.ts'

/**
 * Coverage = encrypted / (encrypted + plaintext) of a zone pair, a sample for every stretch of time with enough flows, as
 * logit. An EWMA sees a shift early, a CUSUM says that it lasts: both must agree. What is learnt is the mean and, once
 * there are two weeks, how each hour of the week differs from it.
 */
interface Memory {
  startUs: number
  encrypted: number
  plaintext: number
  /** Some of the current sample came while capture lost frames. */
  isDoubtful: boolean
  samples: number
  mean: number
  variance: number
  ewma: number
  cusum: number
  isLow: boolean
  firstUs: number
  /** Mean difference of each hour of the week, and of how many samples. */
  season: number[]
  seasonSamples: number[]
}

const US_PER_MINUTE = 60_000_000
const US_PER_HOUR = 60 * US_PER_MINUTE
const US_PER_DAY = 24 * US_PER_HOUR
const HOURS_OF_WEEK = 168
/** Weight of a new sample in what is usual, once it is known. */
const LEARN = 0.02
/** No network is so even that less than this, in logit, would mean something. */
const MIN_SIGMA = 0.1

interface Limits {
  lambda: number
  sigmas: number
  slack_sigmas: number
  decision_sigmas: number
  season_days: number
  warmup_samples: number
}

export const coverageDrop = detector({
  id: 'A23',
  name: 'coverage-drop',
  severity: 'high',
  title: 'Encryption coverage between two zones has dropped',
  subject: 'zone_pair',
  concerns: ({ isEncrypted, isPlaintext }) => isEncrypted || isPlaintext,
  defaults: {
    flows: 200,
    window_min: 5,
    lambda: 0.2,
    sigmas: 4,
    slack_sigmas: 0.5,
    decision_sigmas: 5,
    warmup_samples: 48,
    season_days: 14,
  },
  proof: { flows: 200, quiet_h: 2 },
  fresh: (): Memory => ({
    startUs: 0,
    encrypted: 0,
    plaintext: 0,
    isDoubtful: false,
    samples: 0,
    mean: 0,
    variance: 0,
    ewma: 0,
    cusum: 0,
    isLow: false,
    firstUs: 0,
    season: [],
    seasonSamples: [],
  }),
  observe(flow, memory, settings, context) {
    const { facts } = flow
    if (flow.isRepeat || !(facts.isEncrypted || facts.isPlaintext)) return
    if (memory.firstUs === 0) {
      memory.firstUs = flow.lastUs
      memory.startUs = flow.lastUs
    }
    const flows = memory.encrypted + memory.plaintext
    const isFull = flow.lastUs - memory.startUs >= settings.window_min * US_PER_MINUTE && flows >= settings.flows
    if (isFull) takeSample(memory, flow.lastUs, settings)
    if (context.isHealthBad) memory.isDoubtful = true
    if (facts.isEncrypted) memory.encrypted += 1
    else memory.plaintext += 1
    tell(memory, facts.isPlaintext, context)
  },
})

/** The flows in the clear are the evidence; the others prove its end once the sample says so. */
function tell(memory: Memory, isPlaintext: boolean, context: Context): void {
  if (!memory.isLow) context.good()
  else if (isPlaintext) {
    const what = 'more in the clear than is usual here at this hour, by EWMA and CUSUM of logit(coverage)'
    context.raise({ what, mustFix: 'unknown', sql: "verdict = 'plaintext'" })
  }
}

function takeSample(memory: Memory, nowUs: number, settings: Limits): void {
  const { encrypted, plaintext, isDoubtful, startUs } = memory
  memory.startUs = nowUs
  memory.encrypted = 0
  memory.plaintext = 0
  memory.isDoubtful = false
  if (isDoubtful) return
  const sample = Math.log((encrypted + 0.5) / (plaintext + 0.5))
  const hour = Math.floor(startUs / US_PER_HOUR) % HOURS_OF_WEEK
  const isSeasonKnown = nowUs - memory.firstUs >= settings.season_days * US_PER_DAY
  const expected = memory.mean + (isSeasonKnown ? (memory.season[hour] ?? 0) : 0)
  memory.samples += 1
  if (memory.samples > settings.warmup_samples) judge(memory, sample - expected, settings)
  if (!memory.isLow) learn(memory, sample, expected)
  // Until it is known, nothing tells a fault from what comes every Sunday.
  if (!memory.isLow || !isSeasonKnown) learnSeason(memory, sample, hour)
}

function judge(memory: Memory, difference: number, settings: Limits): void {
  const { lambda, sigmas, slack_sigmas, decision_sigmas } = settings
  const sigma = Math.max(Math.sqrt(memory.variance), MIN_SIGMA)
  memory.ewma = lambda * difference + (1 - lambda) * memory.ewma
  memory.cusum = Math.max(0, memory.cusum - difference - slack_sigmas * sigma)
  // Capped, so that an end of the drop is seen in as many samples as its beginning.
  memory.cusum = Math.min(memory.cusum, 2 * decision_sigmas * sigma)
  const limit = sigmas * sigma * Math.sqrt(lambda / (2 - lambda))
  if (memory.isLow) memory.isLow = memory.ewma < -limit / 2
  else memory.isLow = memory.ewma < -limit && memory.cusum > decision_sigmas * sigma
  if (!memory.isLow && memory.ewma > -limit / 2) memory.cusum = Math.min(memory.cusum, decision_sigmas * sigma)
}

function learn(memory: Memory, sample: number, expected: number): void {
  const weight = Math.max(1 / memory.samples, LEARN)
  const residual = sample - (memory.samples === 1 ? sample : expected)
  memory.variance += weight * (residual * residual - memory.variance)
  const difference = sample - memory.mean
  memory.mean += (memory.samples === 1 ? 1 : weight) * difference
}

function learnSeason(memory: Memory, sample: number, hour: number): void {
  const known = memory.seasonSamples[hour] ?? 0
  memory.seasonSamples[hour] = known + 1
  const usual = memory.season[hour] ?? 0
  memory.season[hour] = usual + (sample - memory.mean - usual) * Math.max(1 / (known + 1), 0.1)
}
