/** The stream of findings on real sockets: it is heard while nothing happens, and who does not read is let go. */
import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { findingEventLine } from '../../src/alert/finding-line.ts'
import { openedEvents } from '../notify/messages.ts'
import { madeTokens, type Served, serveCaptures } from './served.ts'

const { tokens, bearer } = madeTokens('viewer')
const HEARTBEAT = ': still here\n\n'
/** More in one second than a client may have waiting, and than loopback takes in its own buffers. */
const ROWS = 1000
const TEXT_BYTES = 16 * 1024

let served: Served
let url: URL

beforeAll(async () => {
  served = await serveCaptures()
  url = new URL((await served.start({ tokens })).url)
})
afterAll(() => served.end())

async function listen(): Promise<Socket> {
  const socket = connect(Number(url.port), url.hostname)
  // Whoever is cut off may be told so by a reset.
  socket.on('error', () => undefined)
  await once(socket, 'connect')
  const { authorization } = bearer.viewer
  socket.write(`GET /api/v1/findings/events HTTP/1.1\r\nhost: ${url.host}\r\nauthorization: ${authorization}\r\n\r\n`)
  return socket
}

async function tell(batch: number, rows: number, textBytes = 10): Promise<void> {
  const [event] = openedEvents(1)
  if (event === undefined) throw new Error('nothing was found')
  const lines = Array.from({ length: rows }, (_, n) => {
    const finding = { ...event.finding, key: `A5|batch-${batch}-${n}`, what: 'x'.repeat(textBytes) }
    return findingEventLine({ ...event, finding })
  })
  await served.store.insertFindingEvents(lines.join('\n'), rows, `slow-${batch}`)
}

it('tells all of a burst, and what comes after it', async () => {
  const socket = await listen()
  let text = ''
  socket.on('data', (chunk: Buffer) => {
    text += chunk.toString('latin1')
  })
  await expect.poll(() => text, { timeout: 10_000 }).toContain('retry: 2000')
  await tell(10, 2500)
  const keys = () => new Set(text.match(/A5\|batch-10-\d+/g)).size
  await expect.poll(keys, { timeout: 30_000 }).toBe(2500)
  await tell(11, 1)
  await expect.poll(() => text, { timeout: 10_000 }).toContain('batch-11-0')
  socket.destroy()
}, 60_000)

it('says every fifteen seconds that it is still there', async () => {
  const socket = await listen()
  let text = ''
  socket.on('data', (chunk: Buffer) => {
    text += chunk.toString('latin1')
  })
  await expect.poll(() => text, { timeout: 10_000 }).toContain('retry: 2000')
  const sinceMs = performance.now()
  expect(text).not.toContain(HEARTBEAT)
  await expect.poll(() => text.split(HEARTBEAT).length - 1, { timeout: 50_000 }).toBe(2)
  expect(performance.now() - sinceMs).toBeGreaterThan(25_000)
  socket.destroy()
}, 70_000)

it('lets go of who reads nothing, and keeps telling the others', async () => {
  const slow = await listen()
  // Its head has come; from here on it reads nothing.
  await once(slow, 'data')
  slow.pause()
  const quick = await listen()
  let quickBytes = 0
  let last = ''
  quick.on('data', (chunk: Buffer) => {
    quickBytes += chunk.length
    last = (last + chunk.toString('latin1')).slice(-200_000)
  })
  await expect.poll(() => last, { timeout: 10_000 }).toContain('retry: 2000')
  await tell(0, ROWS, TEXT_BYTES)
  await expect.poll(() => quickBytes, { timeout: 30_000 }).toBeGreaterThan(ROWS * TEXT_BYTES)
  // The next thing that happens finds that the slow one has not taken the last.
  await tell(1, 1)
  await expect.poll(() => last, { timeout: 30_000 }).toContain('batch-1-0')
  await tell(2, 1)
  await expect.poll(() => last, { timeout: 30_000 }).toContain('batch-2-0')
  // Now it reads: what was on its way, and then the end.
  let slowText = ''
  slow.on('data', (chunk: Buffer) => {
    slowText = (slowText + chunk.toString('latin1')).slice(-200_000)
  })
  const closed = once(slow, 'close')
  slow.resume()
  await closed
  expect(slowText).not.toContain('batch-2-0')
  expect(quick.destroyed).toBe(false)
  quick.destroy()
}, 120_000)
