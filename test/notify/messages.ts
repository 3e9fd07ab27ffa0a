/** Events and receivers for tests, and a webhook receiver that behaves as it is told. */
import { createServer, type IncomingMessage, type RequestListener, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { createAlertEngine, type FindingEvent } from '../../src/alert/index.ts'
import type { ReceiverOptions } from '../../src/notify/index.ts'
import { clear, flow, HOUR, many } from '../alert/simulate.ts'

const declined = (n: number) =>
  clear('postgresql', { server_ip: `10.0.3.${n}`, server_port: 5432, upgrade_state: 'refused' })

/** `count` findings of A5 that were opened. */
export function openedEvents(count: number): FindingEvent[] {
  const engine = createAlertEngine()
  for (let n = 0; n < count; n++) engine.flow(flow(n, declined(n)))
  return engine.takeEvents()
}

/** A finding of A5 that opens and is resolved, and may be silenced before either. */
export function openedAndResolved(silenced: 'never' | 'before' | 'between' = 'never'): [FindingEvent, FindingEvent] {
  const engine = createAlertEngine()
  const silence = () =>
    engine.silence('A5|10.0.3.1:5432', { owner: 'ada', reason: 'lab', expires: '2100-01-01T00:00:00Z' })
  if (silenced === 'before') silence()
  engine.flow(flow(0, declined(1)))
  if (silenced === 'between') silence()
  for (const one of many(5, 2 * HOUR, 1, { server_ip: '10.0.3.1', server_port: 5432 })) engine.flow(one)
  return engine.takeEvents() as [FindingEvent, FindingEvent]
}

export const receiver = (different: Partial<ReceiverOptions> = {}): ReceiverOptions => ({
  kind: 'webhook',
  name: 'hook',
  from: 'low',
  allow: ['127.0.0.0/8'],
  ...different,
})

export interface Hook {
  readonly url: string
  readonly server: Server
  /** What was answered with success, in order. */
  readonly taken: { headers: IncomingMessage['headers']; body: string; path: string }[]
  /** All that came. */
  readonly attempts: { path: string; body: string }[]
  close(): Promise<void>
}

/** `answer` gets every request after its body was read, and its number from 0. */
export async function openHook(
  answer: (n: number, ...args: Parameters<RequestListener>) => void = (_n, _request, response) => response.end(),
): Promise<Hook> {
  const taken: Hook['taken'] = []
  const attempts: Hook['attempts'] = []
  const server = createServer((request, response) => {
    const chunks: Buffer[] = []
    request.on('data', (chunk: Buffer) => chunks.push(chunk))
    request.on('end', () => {
      const body = Buffer.concat(chunks).toString()
      const path = request.url ?? ''
      attempts.push({ path, body })
      response.on('finish', () => {
        if (response.statusCode < 300) taken.push({ headers: request.headers, body, path })
      })
      answer(attempts.length - 1, request, response)
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  const close = async (): Promise<void> => {
    server.closeAllConnections()
    await new Promise((resolve) => server.close(resolve))
  }
  return { url: `http://127.0.0.1:${port}/alerts`, server, taken, attempts, close }
}
