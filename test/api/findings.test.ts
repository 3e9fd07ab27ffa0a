/** Findings as they are listed, and as they are told to whoever listens. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { findingEventLine } from '../../src/alert/finding-line.ts'
import type { FindingEvent } from '../../src/alert/index.ts'
import { openedEvents } from '../notify/messages.ts'
import { madeTokens, type Served, serveCaptures } from './served.ts'

interface Row {
  [column: string]: unknown
  key: string
}

const { tokens, bearer } = madeTokens('viewer')
let served: Served
let url = ''

beforeAll(async () => {
  served = await serveCaptures()
  url = (await served.start({ tokens })).url
})
afterAll(() => served.end())

async function told(path: string): Promise<{ items: Row[]; next_cursor: string | null }> {
  const response = await fetch(`${url}/api/v1/findings${path}`, { headers: bearer.viewer })
  expect(response.status, path).toBe(200)
  return (await response.json()) as { items: Row[]; next_cursor: string | null }
}

describe('the list', () => {
  it('has every finding of the store, each once, the one opened last first', async () => {
    const all: Row[] = []
    for (let next: string | null = '?limit=7'; next !== null; ) {
      const { items, next_cursor } = await told(next)
      all.push(...items)
      next = next_cursor === null ? null : `?limit=7&cursor=${next_cursor}`
    }
    const stored = await served.store.select<Row>('findings')
    expect(stored.length).toBeGreaterThan(20)
    expect(all.map(({ key }) => key).sort()).toEqual(stored.map(({ key }) => key).sort())
    const opened = all.map((row) => String(row['opened_at']))
    expect(opened).toEqual([...opened].sort().reverse())
  })

  it('is filtered by state, severity, rule and subject', async () => {
    const { items: critical } = await told('?severity=critical&limit=1000')
    expect(new Set(critical.map((row) => row['severity']))).toEqual(new Set(['critical']))
    const { items: one } = await told('?rule=A5&rule=starttls-stripped&limit=1000')
    expect(new Set(one.map((row) => row['rule']))).toEqual(new Set(['A4', 'A5']))
    const { items: open } = await told('?state=open&limit=1000')
    expect(new Set(open.map((row) => row['state']))).toEqual(new Set(['open']))
    expect((await told('?state=dormant')).items).toEqual([])
    const subject = String(one[0]?.['subject'])
    const { items } = await told(`?subject=${encodeURIComponent(subject)}`)
    expect(new Set(items.map((row) => row['subject']))).toEqual(new Set([subject]))
  })

  it('has one with its evidence and what happened to it, and says where there is none', async () => {
    const [first] = (await told('?rule=A5')).items as [Row]
    const ask = (key: string) => fetch(`${url}/api/v1/findings/${encodeURIComponent(key)}`, { headers: bearer.viewer })
    const one = (await (await ask(first.key)).json()) as Row & { events: Row[] }
    expect(one).toMatchObject(first)
    expect((one['flow_ids'] as string[]).length).toBeGreaterThan(0)
    expect(one.events[0]).toMatchObject({ kind: 'opened', severity: 'high' })
    expect((await ask('A5|nowhere')).status).toBe(404)
  })

  it('takes no decision where nobody in this process looks for alerts', async () => {
    const { tokens: held, bearer: mine } = madeTokens('operator')
    const alone = await served.start({ tokens: held })
    const [first] = (await told('?rule=A5')).items as [Row]
    const response = await fetch(`${alone.url}/api/v1/findings/${encodeURIComponent(first.key)}/acknowledgement`, {
      method: 'POST',
      headers: { ...mine.operator, 'content-type': 'application/json' },
      body: JSON.stringify({ reason: 'soon' }),
    })
    expect(response.status).toBe(409)
  })
})

interface Told {
  id: string
  event: string
  data: Row
}

/** Listens as a browser does. */
class Listener {
  readonly events: Told[] = []
  ended = false
  readonly #aborting = new AbortController()

  static async open(at: string, lastId: string | null = null): Promise<Listener> {
    const listener = new Listener()
    const headers = { ...bearer.viewer, ...(lastId === null ? {} : { 'last-event-id': lastId }) }
    const response = await fetch(`${at}/api/v1/findings/events`, { headers, signal: listener.#aborting.signal })
    if (response.status !== 200) throw new Error(String(response.status))
    expect(response.headers.get('content-type')).toBe('text/event-stream; charset=utf-8')
    void listener.#read(response)
    return listener
  }

  close(): void {
    this.#aborting.abort()
  }

  async #read(response: Response): Promise<void> {
    let text = ''
    try {
      for await (const chunk of response.body ?? []) {
        text += Buffer.from(chunk).toString()
        for (let end = text.indexOf('\n\n'); end >= 0; end = text.indexOf('\n\n')) {
          this.#take(text.slice(0, end))
          text = text.slice(end + 2)
        }
      }
    } catch {
      // Ended by us.
    }
    this.ended = true
  }

  #take(block: string): void {
    const field = (name: string) => new RegExp(`^${name}: (.*)$`, 'm').exec(block)?.[1] ?? ''
    if (field('id') !== '')
      this.events.push({ id: field('id'), event: field('event'), data: JSON.parse(field('data')) })
  }
}

let batch = 0
async function happens(events: readonly FindingEvent[]): Promise<void> {
  await served.store.insertFindingEvents(events.map(findingEventLine).join('\n'), events.length, `batch-${batch++}`)
}
const [a, b, c, d] = openedEvents(4) as [FindingEvent, FindingEvent, FindingEvent, FindingEvent]
/** What the store was filled with may be as late as that. */
const keysOf = (listener: Listener): string[] =>
  [...new Set(listener.events.map(({ data }) => data.key))].filter((key) => key.startsWith('A5|10.0.3.'))

describe('the stream', () => {
  it('tells what happens from now on to all who listen, and to who comes again what happened meanwhile', async () => {
    const [one, two] = [await Listener.open(url), await Listener.open(url)]
    await happens([a])
    await expect.poll(() => [keysOf(one), keysOf(two)], { timeout: 10_000 }).toEqual([[a.finding.key], [a.finding.key]])
    expect(one.events.at(-1)).toMatchObject({
      event: 'opened',
      data: { rule: 'A5', severity: 'high', key: a.finding.key },
    })
    expect(one.events.at(-1)).toEqual(two.events.at(-1))
    two.close()
    await happens([b, c])
    await expect.poll(() => keysOf(one).length, { timeout: 10_000 }).toBe(3)
    const again = await Listener.open(url, two.events.at(-1)?.id ?? '')
    await expect
      .poll(() => keysOf(again).sort(), { timeout: 10_000 })
      .toEqual([b, c].map(({ finding }) => finding.key).sort())
    await happens([d])
    await expect.poll(() => [keysOf(one).length, keysOf(again).length], { timeout: 10_000 }).toEqual([4, 3])
    // What came twice has one id.
    const ids = new Map(again.events.map(({ id, data }) => [id, `${data.key} ${data['kind']} ${data['at']}`]))
    expect(new Set(ids.values()).size).toBe(ids.size)
    one.close()
    again.close()
  }, 60_000)

  it.each(['nonsense', '1-', '99999999999999-0000000000000000', '0-0000000000000000'])(
    'begins with what is there where the id is %s, and ends for nobody',
    async (id) => {
      const listener = await Listener.open(url, id)
      expect(listener.ended).toBe(false)
      listener.close()
    },
  )

  it('has room for 64, and for the next when one has left', async () => {
    const { url: at } = await served.start({ tokens })
    // All at once, as after a restart, and every second one asks for what it missed.
    const all = await Promise.all(
      Array.from({ length: 64 }, (_, n) => Listener.open(at, n % 2 === 0 ? null : '1764435600-0000000000000000')),
    )
    await expect(Listener.open(at)).rejects.toThrow('503')
    all[0]?.close()
    await expect
      .poll(
        () =>
          Listener.open(at).then(
            (next) => all.push(next),
            () => 0,
          ),
        { timeout: 10_000 },
      )
      .toBe(65)
    const [late] = openedEvents(5).slice(4) as [FindingEvent]
    await happens([late])
    const heard = () => all.filter((one) => keysOf(one).includes(late.finding.key)).length
    // The first one has left.
    await expect.poll(heard, { timeout: 30_000 }).toBe(64)
    for (const one of all) one.close()
  }, 120_000)

  it('ends when tokens are read again, and when the server ends, which waits for nobody', async () => {
    const server = await served.start({ tokens })
    const one = await Listener.open(server.url)
    server.renew({ tls: null, tokens })
    await expect.poll(() => one.ended, { timeout: 5000 }).toBe(true)
    const two = await Listener.open(server.url)
    const sinceMs = performance.now()
    await server.close()
    expect(performance.now() - sinceMs).toBeLessThan(3000)
    await expect.poll(() => two.ended, { timeout: 5000 }).toBe(true)
  })

  it('is for who has a token', async () => {
    expect((await fetch(`${url}/api/v1/findings/events`)).status).toBe(401)
  })
})
