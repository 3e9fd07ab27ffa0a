import { expect } from 'vitest'

/** Series by their name and labels, as they stand in the text format. */
export async function scrape(url: string): Promise<Map<string, number>> {
  const response = await fetch(`${url}/metrics`)
  expect(response.status).toBe(200)
  expect(response.headers.get('content-type')).toBe('text/plain; version=0.0.4; charset=utf-8')
  const text = await response.text()
  const series = text.split('\n').filter((line) => line !== '' && !line.startsWith('#'))
  return new Map(series.map((line) => [line.replace(/ \S+$/, ''), Number(/\S+$/.exec(line)?.[0])]))
}
