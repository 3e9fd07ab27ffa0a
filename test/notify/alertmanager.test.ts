/** Against Debian's Alertmanager: it receives, groups, and resolves. */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { Notifier } from '../../src/notify/index.ts'
import { type Hook, openedAndResolved, openedEvents, openHook, receiver } from './messages.ts'

vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 })

const isMissing = (() => {
  try {
    execFileSync('prometheus-alertmanager', ['--version'], { stdio: 'ignore' })
    return false
  } catch {
    return true
  }
})()

const freePort = (): Promise<number> =>
  new Promise((resolve) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const { port } = server.address() as { port: number }
      server.close(() => resolve(port))
    })
  })

// Debian package prometheus-alertmanager.
describe.skipIf(isMissing)('Alertmanager', () => {
  let folder = ''
  let base = ''
  let hook: Hook
  let child: ChildProcess

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'intransit-alertmanager-'))
    hook = await openHook()
    writeFileSync(
      join(folder, 'alertmanager.yml'),
      `route:
  receiver: hook
  group_by: [rule_id]
  group_wait: 1s
  group_interval: 1s
  repeat_interval: 1h
receivers:
  - name: hook
    webhook_configs: [{ url: '${hook.url}', send_resolved: true }]
`,
    )
    const port = await freePort()
    base = `http://127.0.0.1:${port}`
    child = spawn(
      'prometheus-alertmanager',
      [
        `--config.file=${join(folder, 'alertmanager.yml')}`,
        `--storage.path=${join(folder, 'am')}`,
        `--web.listen-address=127.0.0.1:${port}`,
        '--cluster.listen-address=',
      ],
      { stdio: 'ignore' },
    )
    await vi.waitFor(async () => expect((await fetch(`${base}/-/ready`)).status).toBe(200), { timeout: 30_000 })
  })

  afterAll(async () => {
    // It writes into its folder until it is gone.
    if (child?.exitCode === null) {
      const gone = new Promise((resolve) => child.once('exit', resolve))
      child.kill()
      await gone
    }
    await hook?.close()
    rmSync(folder, { recursive: true, force: true })
  })

  const alerts = async (): Promise<
    { labels: Record<string, string>; annotations: Record<string, string>; endsAt: string }[]
  > => (await (await fetch(`${base}/api/v2/alerts`)).json()) as never

  const notifier = (name: string, active: () => never[] = () => [], remindMs = 60_000): Notifier =>
    new Notifier(
      [receiver({ kind: 'alertmanager', name, url: `${base}/api/v2/alerts` })],
      folder,
      active,
      () => undefined,
      { firstRetryMs: 50, maxRetryMs: 200, giveUpMs: 60_000 },
      remindMs,
    )

  it('receives findings and groups those of one rule', async () => {
    const to = notifier('groups')
    to.tell(openedEvents(3))
    await vi.waitFor(async () => expect(await alerts()).toHaveLength(3), { timeout: 20_000 })
    const [first] = await alerts()
    expect(first?.labels).toMatchObject({ alertname: 'tls-declined', rule_id: 'A5', severity: 'high' })
    expect(first?.annotations['must_fix']).toBe('server')
    // Of alerts that began a while ago it sends the first at once, and the whole group after its interval.
    const body = await vi.waitFor(
      () => {
        const bodies = hook.taken.map((taken) => JSON.parse(taken.body))
        const whole = bodies.find((one) => one.alerts.length === 3)
        expect(whole).toBeDefined()
        return whole
      },
      { timeout: 20_000 },
    )
    expect(body.groupLabels).toEqual({ rule_id: 'A5' })
    // What Alertmanager posts and what our own webhook posts have the same members.
    const own = await openHook()
    const other = new Notifier(
      [receiver({ url: own.url, name: 'own' })],
      folder,
      () => [],
      () => undefined,
    )
    other.tell(openedEvents(1))
    await vi.waitFor(() => expect(own.taken).toHaveLength(1), { timeout: 20_000 })
    const ours = JSON.parse(own.taken[0]?.body ?? '')
    expect(Object.keys(ours).sort()).toEqual(Object.keys(body).sort())
    expect(Object.keys(ours.alerts[0]).sort()).toEqual(Object.keys(body.alerts[0]).sort())
    await other.close()
    await own.close()
    await to.close()
  })

  it('resolves what is over', async () => {
    const [opened, resolved] = openedAndResolved()
    const to = notifier('resolves')
    const isActive = async (): Promise<boolean> =>
      (await alerts()).some(({ labels }) => labels['subject'] === '10.0.3.1:5432')
    to.tell([opened])
    await vi.waitFor(async () => expect(await isActive()).toBe(true), { timeout: 20_000 })
    to.tell([resolved])
    await vi.waitFor(async () => expect(await isActive()).toBe(false), { timeout: 20_000 })
    await vi.waitFor(
      () => {
        const told = hook.taken.flatMap(({ body }) => JSON.parse(body).alerts)
        const ends = told.filter(({ status, labels }) => status === 'resolved' && labels.subject === '10.0.3.1:5432')
        expect(ends).not.toEqual([])
      },
      { timeout: 20_000 },
    )
    await to.close()
  })

  it('is reminded of what is still open', async () => {
    const open = openedEvents(9)
      .slice(8)
      .map(({ finding }) => finding)
    const to = notifier('reminds', () => open as never[], 200)
    await vi.waitFor(
      async () => expect((await alerts()).map(({ labels }) => labels['subject'])).toContain('10.0.3.8:5432'),
      { timeout: 20_000 },
    )
    await to.close()
  })
})
