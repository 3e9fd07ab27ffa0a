/** Memory of a process over time: samples, their slope, and a drawing of them. */
import { readFileSync } from 'node:fs'

export interface Sample {
  /** Seconds since the start. */
  s: number
  rssMb: number
}

/** Resident memory of a process, MB (proc(5), VmRSS). */
export const rssMbOf = (pid: number): number =>
  (Number(/VmRSS:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? 0) * 1024) / 1e6

/** MB a minute, by least squares. */
export function slopeOf(samples: readonly Sample[]): number {
  const mean = (of: (sample: Sample) => number): number =>
    samples.reduce((sum, sample) => sum + of(sample), 0) / samples.length
  const [meanS, meanMb] = [mean(({ s }) => s), mean(({ rssMb }) => rssMb)]
  const covariance = mean(({ s, rssMb }) => (s - meanS) * (rssMb - meanMb))
  const variance = mean(({ s }) => (s - meanS) ** 2)
  return variance === 0 ? 0 : (covariance / variance) * 60
}

const STEPS_S = [5, 30, 60, 300, 600, 3600]
const MAX_LABELS = 12
const WIDTH = 720
const HEIGHT = 300
const LEFT = 60
const BOTTOM = 40
const TOP = 30

/** Memory over time, with a mark at second `markS`. */
export function drawMemory(title: string, samples: readonly Sample[], markS: number, mark: string): string {
  const lastS = Math.max(...samples.map(({ s }) => s), 1)
  const step = 100 * Math.max(1, Math.ceil(Math.max(...samples.map(({ rssMb }) => rssMb)) / 600))
  const topMb = step * Math.ceil((Math.max(...samples.map(({ rssMb }) => rssMb)) * 1.05) / step)
  const x = (s: number): string => (LEFT + (s / lastS) * (WIDTH - LEFT - 20)).toFixed(1)
  const y = (mb: number): string => (HEIGHT - BOTTOM - (mb / topMb) * (HEIGHT - BOTTOM - TOP)).toFixed(1)
  const grid: string[] = []
  for (let mb = 0; mb <= topMb; mb += step) {
    grid.push(`<path d="M${LEFT} ${y(mb)}H${WIDTH - 20}" stroke="#ddd"/>`)
    grid.push(`<text x="${LEFT - 6}" y="${Number(y(mb)) + 4}" text-anchor="end">${mb}</text>`)
  }
  // As many as do not run into each other.
  const stepS = STEPS_S.find((step) => lastS / step <= MAX_LABELS) ?? lastS
  for (let s = 0; s <= lastS; s += stepS)
    grid.push(`<text x="${x(s)}" y="${HEIGHT - BOTTOM + 16}" text-anchor="middle">${s}</text>`)
  const line = samples.map(({ s, rssMb }) => `${x(s)},${y(rssMb)}`).join(' ')
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${WIDTH}" height="${HEIGHT}" font-family="sans-serif" font-size="11">`,
    `<title>${title}</title>`,
    `<rect width="${WIDTH}" height="${HEIGHT}" fill="#fff"/>`,
    `<text x="${LEFT}" y="18" font-size="13">${title}</text>`,
    ...grid,
    `<path d="M${x(markS)} ${TOP}V${HEIGHT - BOTTOM}" stroke="#b00" stroke-dasharray="4 3"/>`,
    `<text x="${Number(x(markS)) + 4}" y="${TOP + 10}" fill="#b00">${mark}</text>`,
    `<polyline points="${line}" fill="none" stroke="#1668b8" stroke-width="1.5"/>`,
    `<text x="${(LEFT + WIDTH) / 2}" y="${HEIGHT - 8}" text-anchor="middle">seconds</text>`,
    `<text transform="translate(14 ${HEIGHT / 2}) rotate(-90)" text-anchor="middle">resident MB</text>`,
    '</svg>',
    '',
  ].join('\n')
}
