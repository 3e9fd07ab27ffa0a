/** Delivery against receivers that fail, hang, redirect and ask for patience: nothing is lost, nothing comes again after its acknowledgement. */
import { createHmac } from 'node:crypto'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import type { FindingEvent } from '../../src/alert/index.ts'
import { deadLettersIn, Notifier, type ReceiverOptions } from '../../src/notify/index.ts'
import { type Hook, openedAndResolved, openedEvents, openHook, receiver } from './messages.ts'

vi.setConfig({ testTimeout: 60_000 })

const FAST = { firstRetryMs: 20, maxRetryMs: 100, giveUpMs: 60_000 }

let folder = ''
let said: string[] = []
const open: (Hook | Notifier)[] = []

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'intransit-notify-'))
  said = []
})
afterEach(async () => {
  for (const one of open.splice(0)) await one.close()
  rmSync(folder, { recursive: true, force: true })
})

async function hookThat(...args: Parameters<typeof openHook>): Promise<Hook> {
  const hook = await openHook(...args)
  open.push(hook)
  return hook
}

function notifier(receivers: ReceiverOptions[], patience = FAST): Notifier {
  const made = new Notifier(
    receivers,
    folder,
    () => [],
    (text) => said.push(text),
    patience,
  )
  open.unshift(made)
  return made
}

const keysOf = (bodies: readonly { body: string }[]): string[] =>
  bodies.flatMap(({ body }) =>
    JSON.parse(body).alerts.map(({ labels }: { labels: { subject: string } }) => labels.subject),
  )

const subjects = (events: readonly FindingEvent[]): string[] => events.map(({ finding }) => finding.subject)

/** One after the other, as messages of their own. */
async function tellApart(to: Notifier, events: readonly FindingEvent[]): Promise<void> {
  for (const event of events) {
    to.tell([event])
    await to.flush()
  }
}

const until = (done: () => boolean) => vi.waitFor(() => expect(done()).toBe(true), { timeout: 30_000, interval: 20 })

describe('a webhook receiver', () => {
  it("gets Alertmanager's body, with events of one rule together", async () => {
    const hook = await hookThat()
    const to = notifier([receiver({ url: hook.url })])
    to.tell(openedEvents(3))
    await until(() => hook.taken.length === 1)
    const body = JSON.parse(hook.taken[0]?.body ?? '')
    expect(body).toMatchObject({
      version: '4',
      status: 'firing',
      receiver: 'hook',
      groupKey: '{}:{rule_id="A5"}',
      truncatedAlerts: 0,
      commonLabels: { alertname: 'tls-declined', severity: 'high' },
    })
    expect(body.alerts).toHaveLength(3)
    expect(body.alerts[0]).toMatchObject({
      status: 'firing',
      labels: { subject: '10.0.3.0:5432' },
      annotations: {
        must_fix: 'server',
        runbook_url: 'docs/runbooks/A5-tls-declined.md',
        sql: expect.stringContaining('FROM flows FINAL'),
      },
      fingerprint: expect.stringMatching(/^[0-9a-f]{16}$/),
    })
  })

  it('can check who sent it, and when', async () => {
    const hook = await hookThat()
    const secret_file = join(folder, 'secret')
    writeFileSync(secret_file, 'correct horse\n')
    notifier([receiver({ url: hook.url, secret_file })]).tell(openedEvents(1))
    await until(() => hook.taken.length === 1)
    const { headers, body } = hook.taken[0] as Hook['taken'][0]
    const [, time, signature] = /^t=(\d+),v1=([0-9a-f]{64})$/.exec(String(headers['x-intransit-signature'])) ?? []
    expect(signature).toBe(createHmac('sha256', 'correct horse').update(`${time}.${body}`).digest('hex'))
    expect(Math.abs(Number(time) - Date.now() / 1000)).toBeLessThan(30)
    expect(headers['idempotency-key']).toMatch(/^[0-9a-f]{32}$/)
    expect(body).not.toContain('horse')
  })

  it('that fails gets all, in order, and each once', async () => {
    const hook = await hookThat((n, _request, response) => {
      response.statusCode = n % 3 === 2 ? 200 : ([500, 503][n % 3 === 0 ? 0 : 1] ?? 500)
      response.end()
    })
    const events = openedEvents(5)
    await tellApart(notifier([receiver({ url: hook.url })]), events)
    await until(() => hook.taken.length === 5)
    expect(keysOf(hook.taken)).toEqual(subjects(events))
    expect(hook.attempts).toHaveLength(15)
  })

  it('that drops connections gets all', async () => {
    const hook = await hookThat((n, request, response) => (n < 4 ? request.socket.destroy() : response.end()))
    const events = openedEvents(2)
    await tellApart(notifier([receiver({ url: hook.url })]), events)
    await until(() => hook.taken.length === 2)
    expect(keysOf(hook.taken)).toEqual(subjects(events))
    expect(said).toEqual(['hook does not take alerts: ECONNRESET. They wait.', 'hook takes alerts again'])
  })

  it('that hangs is left after ten seconds, and gets it the next time', async () => {
    const hook = await hookThat((n, _request, response) => {
      if (n > 0) response.end()
    })
    const began = performance.now()
    notifier([receiver({ url: hook.url })]).tell(openedEvents(1))
    await until(() => hook.taken.length === 1)
    expect(performance.now() - began).toBeGreaterThan(9_900)
    expect(hook.attempts).toHaveLength(2)
  })

  it('that redirects is not followed, and loses nothing', async () => {
    let isRedirecting = true
    const hook = await hookThat((_n, _request, response) => {
      if (isRedirecting) response.writeHead(307, { location: '/elsewhere' })
      response.end()
    })
    notifier([receiver({ url: hook.url })]).tell(openedEvents(1))
    await until(() => hook.attempts.length >= 3)
    isRedirecting = false
    await until(() => hook.taken.length === 1)
    expect(hook.attempts.every(({ path }) => path === '/alerts')).toBe(true)
  })

  it('that answers 429 is left alone for as long as it asks', async () => {
    const times: number[] = []
    const hook = await hookThat((n, _request, response) => {
      times.push(performance.now())
      if (n === 0) response.writeHead(429, { 'retry-after': '1' })
      response.end()
    })
    notifier([receiver({ url: hook.url })]).tell(openedEvents(1))
    await until(() => hook.taken.length === 1)
    expect((times[1] ?? 0) - (times[0] ?? 0)).toBeGreaterThan(990)
  })

  it('that refuses a message has it kept among the dead letters, and gets the next', async () => {
    const hook = await hookThat((n, _request, response) => {
      response.statusCode = n === 0 ? 400 : 200
      response.end()
    })
    const events = openedEvents(2)
    await tellApart(notifier([receiver({ url: hook.url })]), events)
    await until(() => hook.taken.length === 1)
    expect(keysOf(hook.taken)).toEqual(subjects(events).slice(1))
    const [dead, ...more] = deadLettersIn(folder)
    expect(more).toEqual([])
    expect(dead).toMatchObject({
      why: 'status 400',
      message: { events: [{ finding: { subject: subjects(events)[0] } }] },
    })
  })

  it('that is away for too long has its messages kept', async () => {
    const url = 'http://127.0.0.1:9/alerts'
    notifier([receiver({ url })], { ...FAST, giveUpMs: 200 }).tell(openedEvents(1))
    await until(() => deadLettersIn(folder).length === 1)
  })

  it('gets after a restart what it did not take before, and nothing that it took', async () => {
    let isUp = true
    const hook = await hookThat((_n, _request, response) => {
      response.statusCode = isUp ? 200 : 503
      response.end()
    })
    const events = openedEvents(4)
    const first = notifier([receiver({ url: hook.url })])
    await tellApart(first, events.slice(0, 2))
    await until(() => hook.taken.length === 2)
    isUp = false
    await tellApart(first, events.slice(2))
    await first.close()
    isUp = true
    notifier([receiver({ url: hook.url })])
    await until(() => hook.taken.length === 4)
    expect(keysOf(hook.taken)).toEqual(subjects(events))
  })
})

describe('addresses', () => {
  it.each([
    { name: 'this machine', url: 'http://127.0.0.1:1/', allow: [] },
    { name: 'this machine by name', url: 'http://localhost:1/', allow: [] },
    { name: 'this machine in IPv6', url: 'http://[::1]:1/', allow: [] },
    { name: 'this machine, mapped', url: 'http://[::ffff:127.0.0.1]:1/', allow: [] },
    { name: 'this machine as a number', url: 'http://2130706433:1/', allow: [] },
    { name: 'cloud metadata', url: 'http://169.254.169.254/latest/meta-data', allow: ['10.0.0.0/8'] },
    { name: 'cloud metadata through NAT64', url: 'http://[64:ff9b::a9fe:a9fe]/', allow: [] },
    { name: 'a private network', url: 'http://10.0.0.1/', allow: ['127.0.0.0/8'] },
  ])('are refused: $name', async ({ url, allow }) => {
    notifier([receiver({ url, allow })]).tell(openedEvents(1))
    await until(() => said.length > 0)
    expect(said[0]).toMatch(/is not a public address, and not in allow/)
  })
})

describe('messages', () => {
  it('do not go to those who asked for worse ones only', async () => {
    const hook = await hookThat()
    const to = notifier([receiver({ url: hook.url, from: 'critical' })])
    to.tell(openedEvents(2))
    await to.close()
    expect(hook.attempts).toEqual([])
  })

  it('are those of what nobody has accepted; but who heard of its beginning hears of its end', async () => {
    const hook = await hookThat()
    const to = notifier([receiver({ url: hook.url })])
    await tellApart(to, openedAndResolved('before'))
    await tellApart(to, openedAndResolved('between'))
    await to.close()
    const statuses = hook.taken.map(({ body }) => JSON.parse(body).status)
    expect(statuses).toEqual(['firing', 'resolved'])
  })

  it('show no secret when something is wrong', async () => {
    const url_file = join(folder, 'url')
    writeFileSync(url_file, 'http://127.0.0.1:9/services/T0SECRET')
    notifier([receiver({ kind: 'slack', url_file })]).tell(openedEvents(1))
    await until(() => said.length > 0)
    expect(said.join()).not.toContain('T0SECRET')
  })

  it('to Slack name what is wrong, without markup from the wire', async () => {
    const hook = await hookThat()
    const [event] = openedEvents(1)
    const finding = { ...(event as FindingEvent).finding, what: 'to <https://evil.example|here> & there' }
    notifier([receiver({ kind: 'slack', url: hook.url })]).tell([{ ...(event as FindingEvent), finding }])
    await until(() => hook.taken.length === 1)
    const [attachment] = JSON.parse(hook.taken[0]?.body ?? '').attachments
    expect(attachment.title).toContain('A5')
    expect(attachment.text).toContain('&lt;https://evil.example|here&gt; &amp; there')
  })

  it('to PagerDuty trigger and resolve by one key', async () => {
    const hook = await hookThat()
    process.env['TEST_ROUTING_KEY'] = 'R0'
    const to = notifier([receiver({ kind: 'pagerduty', url: hook.url, secret_env: 'TEST_ROUTING_KEY' })])
    await tellApart(to, openedAndResolved())
    await until(() => hook.taken.length === 2)
    const bodies = hook.taken.map(({ body }) => JSON.parse(body))
    expect(bodies.map(({ event_action }) => event_action)).toEqual(['trigger', 'resolve'])
    expect(new Set(bodies.map(({ dedup_key }) => dedup_key)).size).toBe(1)
    expect(bodies[0]).toMatchObject({ routing_key: 'R0', payload: { severity: 'error', class: 'tls-declined' } })
  })

  it('to a file are a line each', async () => {
    const path = join(folder, 'alerts.jsonl')
    const to = notifier([receiver({ kind: 'file', path })])
    await tellApart(to, openedAndResolved())
    await to.close()
    const lines = readFileSync(path, 'utf8')
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line))
    expect(lines.map(({ kind }) => kind)).toEqual(['opened', 'resolved'])
  })

  it('to syslog are CEF, one line whatever the names hold', async () => {
    const got: string[] = []
    const server = createServer({ allowHalfOpen: false }, (socket) =>
      socket.on('data', (data) => got.push(data.toString())),
    )
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    const { port } = server.address() as { port: number }
    const [event] = openedEvents(1)
    const finding = { ...(event as FindingEvent).finding, server_names: ['a\nCEF:0|b=c'] }
    const to = notifier([receiver({ kind: 'syslog-cef', url: `tcp://127.0.0.1:${port}` })])
    to.tell([{ ...(event as FindingEvent), finding }])
    await to.close()
    server.close()
    const [, length, line] = /^(\d+) (.*)$/s.exec(got.join('')) ?? []
    expect(line).toHaveLength(Number(length))
    expect(line).not.toContain('\n')
    expect(line).toMatch(/^<107>1 \S+ \S+ intransit - A5 - CEF:0\|intransit\|intransit\|1\|A5\|.*\|8\|/)
    expect(line).toContain('dhost=a CEF:0|b\\=c')
  })
})

describe('a receiver', () => {
  it.each([
    { given: { kind: 'pigeon' }, says: 'there is no receiver "pigeon"' },
    { given: { kind: 'webhook' }, says: 'needs one of: url, url_file, url_env' },
    { given: { kind: 'file', path: '/dev/null', name: '../x' }, says: '"../x" is no name of a receiver' },
  ])('is refused at the start: $says', ({ given, says }) => {
    expect(() => notifier([receiver(given)])).toThrow(says)
  })
})
