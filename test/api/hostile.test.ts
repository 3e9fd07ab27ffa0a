/** Whatever is asked, the answer is one of those that docs/api.md has, and never a fault or a wrong question to the store. */
import fc from 'fast-check'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { flowLine } from '../store/lines.ts'
import { type Served, serveCaptures } from './served.ts'

const RUNS = Number(process.env['FUZZ_RUNS'] ?? 300)
const said: string[] = []
let served: Served
let url = ''

beforeAll(async () => {
  served = await serveCaptures({ filled: false })
  url = (await served.start({ limits: { requestsPerMinute: 1_000_000 }, say: (line) => said.push(line) })).url
})
afterAll(() => served.end())

const NAMES = [
  ...['from', 'to', 'verdict', 'app_protocol', 'server_ip', 'server_port', 'server_name', 'sensor', 'limit', 'cursor'],
  ...['format', 'expires_before', 'role', '__proto__', 'constructor', 'other'],
]
const PATHS = ['flows', 'services', 'certificates', 'kpis/coverage', 'sensors', 'policies', 'health', 'tokens']

const instant = fc
  .date({ noInvalidDate: true, min: new Date('1900-01-01'), max: new Date('2300-01-01') })
  .map((date) => date.toISOString())
const hex = (length: number) =>
  fc.string({ unit: fc.constantFrom(...'0123456789abcdef'), minLength: length, maxLength: length })
const text = fc.string({ unit: 'binary' })
const ip = fc.oneof(fc.ipV4(), fc.ipV6())
/** Also such as could be ours. */
const key = fc.oneof(
  fc.array(fc.oneof(text, fc.integer(), ip)),
  fc.tuple(ip, fc.nat(70_000), text),
  fc.tuple(fc.maxSafeInteger(), hex(64)),
  fc.tuple(fc.integer(), hex(64)),
  fc.tuple(instant, hex(32)),
)
const cursor = key.map((parts) => Buffer.from(JSON.stringify(parts)).toString('base64url'))
const value = fc.oneof(...[text, fc.string(), fc.integer().map(String), ip, instant])
const parameter = fc.oneof(
  fc.tuple(fc.constantFrom(...NAMES), value),
  fc.tuple(fc.constant('cursor'), cursor),
  fc.tuple(fc.constantFrom('server_name', 'sensor'), text),
)
const question = fc.tuple(fc.constantFrom(...PATHS), fc.array(parameter, { maxLength: 3 }))

it('no question is a fault', { timeout: 120_000 + RUNS * 100 }, async () => {
  await fc.assert(
    fc.asyncProperty(question, async ([path, parameters]) => {
      const response = await fetch(`${url}/api/v1/${path}?${new URLSearchParams(parameters)}`)
      await response.arrayBuffer()
      expect([200, 400]).toContain(response.status)
      expect(said).toEqual([])
    }),
    { numRuns: RUNS },
  )
})

it('a text comes to the store as it is', async () => {
  const names = ["'", '\\', "\\'", '\t\n\r', '{x:String}', '[a,b]', '%_*', 'ü\u{1f600}', '--', '\u0001']
  const lines = names.map((sensor, i) =>
    flowLine({ name: `${i}`, verdict: 'strong', sensor }).replace(/[^\0-\x7f]/g, escaped),
  )
  await served.store.insertFlows(lines.join(''), lines.length, 'names')
  for (const sensor of names) {
    const response = await fetch(`${url}/api/v1/flows?${new URLSearchParams({ sensor })}`)
    const { items } = (await response.json()) as { items: { sensor: string }[] }
    expect(items.map((item) => item.sensor)).toEqual([sensor])
  }
})

/** As record/line.ts writes it: the lines are ASCII. */
const escaped = (character: string): string => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`
