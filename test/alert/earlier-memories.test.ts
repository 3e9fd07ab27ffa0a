/** Baselines survive an update: what detectors of earlier versions had remembered is taken up. */
import { expect, it } from 'vitest'
import { createAlertEngine } from '../../src/alert/index.ts'
import type { SavedMemory } from '../../src/alert/memories.ts'
import { DAY, flow, HOUR, START_MS, tls12 } from './simulate.ts'

const us = (seconds: number): number => (START_MS + seconds * 1000) * 1000
const record = flow(0, tls12)
const server = `${record.server_ip}:${record.server_port}`

function restored(memory: SavedMemory) {
  const engine = createAlertEngine()
  const sinceUs = us(-60 * DAY)
  engine.restore({ version: 1, sinceUs, nowUs: us(-HOUR), memories: [memory], findings: [] })
  return engine
}

it('A24 knows the clients that it knew by an object', () => {
  const clients = { t13d1516h2_8daaf6152771_e5627efa2ab1: us(-HOUR) }
  const rules = { A24: { handshakes: 100, firstUs: us(-50 * DAY), clients } }
  const engine = restored({ kind: 'server', subject: server, rules })
  const found = () => engine.findings().filter(({ rule }) => rule === 'A24')
  engine.flow(flow(0, { ja4: 't13d1516h2_8daaf6152771_e5627efa2ab1' }))
  expect(found()).toEqual([])
  engine.flow(flow(1, { ja4: 't13d1715h2_5b57614c22b0_3d5424432f57' }))
  expect(found()).toMatchObject([
    { key: `A24|${server}`, what: 'a client of JA4 t13d1715h2_5b57614c22b0_3d5424432f57' },
  ])
})

it('A15 knows the certificates that it knew by an object', () => {
  const leaf = (n: number): string => String(n).repeat(64)
  const seen = Object.fromEntries([1, 2, 3].map((n) => [leaf(n), { firstUs: us(-3 * DAY), lastUs: us(-HOUR) }]))
  const engine = restored({ kind: 'identity', subject: `${record.server_name}:443`, rules: { A15: { seen } } })
  engine.flow(flow(0, { ...tls12, server_certificates: [leaf(2)] }))
  expect(engine.findings().map(({ key }) => key)).toContain(`A15|${record.server_name}:443`)
  const [memory] = engine.saveBaselines().memories.filter(({ kind }) => kind === 'identity')
  const sights = [1, 2, 3].map((n) => ({ leaf: leaf(n), firstUs: us(-3 * DAY), lastUs: us(n === 2 ? 0 : -HOUR) }))
  expect(memory?.rules['A15']).toEqual({ sights })
})
