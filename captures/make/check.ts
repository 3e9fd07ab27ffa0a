import { execFileSync } from 'node:child_process'
import { join } from 'node:path'
import type { Row } from './row.ts'

/** Counts with tshark the frames that each of a row's display filters matches; null when all counts are as claimed. */
export function failedChecks(row: Row, folder: string): string | null {
  const filters = Object.keys(row.checks)
  // tshark refuses a damaged file: there is nothing to count.
  if (filters.length === 0) return null
  const found = countFrames(join(folder, row.name), filters, row.decodeAs ?? [])
  const wrong = filters.filter((filter, i) => {
    const want = row.checks[filter]
    return want === 'some' ? !found[i] : found[i] !== want
  })
  if (wrong.length === 0) return null
  return wrong.map((filter) => `${filter}: ${found[filters.indexOf(filter)]}, not ${row.checks[filter]}`).join('; ')
}

/** One pass of tshark over the file: `io,stat` with interval 0 prints one line with a frame count a filter. */
function countFrames(file: string, filters: readonly string[], decodeAs: readonly string[]): number[] {
  const stat = `io,stat,0,${filters.map((filter) => `COUNT(frame)frame and (${filter})`).join(',')}`
  const text = execFileSync('tshark', ['-n', '-q', '-r', file, ...decodeAs.flatMap((as) => ['-d', as]), '-z', stat], {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'pipe'],
    timeout: 30_000,
  })
  const last = text.split('\n').findLast((line) => line.includes('<>'))
  return (last ?? '').split('|').slice(2, -1).map(Number)
}
