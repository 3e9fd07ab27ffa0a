/** What is remembered of subjects is bounded in number and in bytes, whoever floods it. */
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { expect, it, vi } from 'vitest'
import { createAlertEngine } from '../../src/alert/index.ts'
import { flow, tls12 } from './simulate.ts'

vi.setConfig({ testTimeout: 120_000 })

const MOST = 50_000
/** docs/alerts.md says what it is; a heap is never measured to the byte. */
const MOST_BYTES_A_SERVER = 4096

setFlagsFromString('--expose-gc')
const gc = runInNewContext('gc') as () => void
const heapBytes = (): number => {
  gc()
  return process.memoryUsage().heapUsed
}

const server = (n: number): string => `10.${n >> 16}.${(n >> 8) & 255}.${n & 255}`

it('no more than 50,000 servers are remembered, what goes is counted, and who is seen all the time stays', () => {
  const engine = createAlertEngine()
  const busy = { server_ip: '10.200.0.1', server_name: undefined as never }
  for (let n = 0; n < 30; n++) engine.flow(flow(n, busy))
  for (let n = 0; n < MOST + 10_000; n++) {
    engine.flow(flow(60 + n / 1000, { server_ip: server(n), server_name: undefined as never }))
    if (n % 1000 === 0) engine.flow(flow(60 + n / 1000, busy))
  }
  expect(engine.memories.subjects()).toMatchObject({ server: MOST })
  expect(engine.counters.subjectsEvicted).toBeGreaterThanOrEqual(10_000)
  // It was encrypted throughout, and is now in the clear: that can only be found by who remembers it.
  const plain = { ...busy, app_protocol: 'http', verdict: 'plaintext', tls_version: undefined as never }
  for (let n = 0; n < 3; n++) engine.flow(flow(200 + n, plain))
  expect(engine.findings().map(({ key }) => key)).toContain('A1|10.200.0.1:443')
})

it('a server with five flows takes less than 4 KB', () => {
  const servers = 20_000
  const engine = createAlertEngine()
  const before = heapBytes()
  for (let n = 0; n < servers * 5; n++) {
    engine.flow(flow(n / 1000, { ...tls12, server_ip: server(n % servers), server_name: undefined as never }))
  }
  const bytes = (heapBytes() - before) / servers
  expect(engine.memories.subjects()['server']).toBe(servers)
  console.info(`${Math.round(bytes)} bytes a server`)
  expect(bytes).toBeGreaterThan(200)
  expect(bytes).toBeLessThan(MOST_BYTES_A_SERVER)
})
