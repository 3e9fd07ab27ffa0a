/** Receivers that come, go and change while messages wait for them. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { Notifier } from '../../src/notify/index.ts'
import { openedEvents, receiver } from './messages.ts'

it('what waits for a receiver is delivered where it is after a change, once, and others are not disturbed', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'intransit-change-'))
  const hits = { old: 0, new: 0 }
  const server = createServer((request, response) => {
    request.resume()
    request.on('end', () => {
      const isNew = request.url === '/new'
      hits[isNew ? 'new' : 'old'] += 1
      response.writeHead(isNew ? 200 : 503).end()
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const at = (path: string) =>
    receiver({ name: 'hook', url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/${path}` })
  const file = receiver({ kind: 'file', name: 'file', path: join(folder, 'out.jsonl') })
  const patience = { firstRetryMs: 20, maxRetryMs: 40, giveUpMs: 60_000 }
  const notifier = new Notifier(
    [at('old'), file],
    join(folder, 'state'),
    () => [],
    () => undefined,
    patience,
  )
  try {
    const [, kept] = notifier.couriers
    notifier.tell(openedEvents(1))
    await notifier.flush()
    await expect.poll(() => hits.old).toBeGreaterThan(1)
    expect(() => notifier.change([receiver({ kind: 'pigeon' })])).toThrow('pigeon')
    expect(notifier.couriers[1]).toBe(kept)
    await notifier.change([at('new'), file])
    await expect.poll(() => hits.new).toBe(1)
    expect(notifier.couriers[1]).toBe(kept)
    const { old } = hits
    await notifier.change([file])
    notifier.tell(openedEvents(2))
    await notifier.flush()
    await expect.poll(() => readFileSync(join(folder, 'out.jsonl'), 'utf8').trim().split('\n').length).toBe(3)
    expect(hits).toEqual({ old, new: 1 })
  } finally {
    await notifier.close()
    server.close()
    rmSync(folder, { recursive: true, force: true })
  }
})
