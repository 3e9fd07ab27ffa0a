/** A network of 1,000 endpoints for a month: healthy, and with a planted fault of each detector. */
import { expect, it, vi } from 'vitest'
import { createAlertEngine, DETECTORS, type Finding } from '../../src/alert/index.ts'
import { CLIENTS, random, SERVERS, type Service, serviceOf } from './network.ts'
import { FAULTS, type Fault, REVOKED } from './planted.ts'
import { at, DAY, flow, HOUR, health, START_MS } from './simulate.ts'

// Two months of packet time go by in seconds, on a machine with nothing else to do.
vi.setConfig({ testTimeout: 240_000 })

const DAYS = 30
const FLOWS_A_DAY = 6000
/** A server has some twenty flows a day. */
const FOUND_WITHIN_DAYS = 3
const MOST_BEYOND = 5
const REVOKED_FROM_US = (START_MS + 5 * DAY * 1000) * 1000

interface Opened {
  day: number
  rule: string
  subject: string
  severity: string
}

interface Month {
  opened: Opened[]
  findings: Finding[]
  flows: number
}

const isOn = ({ from, until = DAYS }: Fault, day: number): boolean => day >= from && day < until

function month(faults: readonly Fault[]): Month {
  const next = random(20_260_302)
  const services = Array.from({ length: SERVERS }, (_, n) => serviceOf(n))
  const engine = createAlertEngine()
  const opened: Opened[] = []
  let flows = 0
  const showTo = (n: number, seconds: number, fault: Fault | undefined): void => {
    const client = { client_ip: `10.1.${Math.floor((next() * CLIENTS) / 200)}.${Math.floor(next() * 200)}` }
    const healthy = fault?.flows === undefined ? (services[n] as Service)(seconds, next) : null
    const what = healthy === null ? fault?.flows?.(next, n) : healthy.flow
    for (const one of (healthy === null ? fault?.certificates : healthy.certificates) ?? []) engine.certificate(one)
    engine.flow(flow(seconds, { ...client, ...what }))
    flows += 1
  }
  const revoked = { fingerprint: REVOKED.fingerprint_sha256, known_by: 'import', from_us: REVOKED_FROM_US } as const
  engine.revocations.know([revoked])
  for (let day = 0; day < DAYS; day++) {
    const on = faults.filter((fault) => isOn(fault, day))
    const ofServer = new Map(on.flatMap((fault) => fault.servers.map((n) => [n, fault])))
    const lost = on.find((fault) => fault.health !== undefined)?.health
    for (let n = 0; n < FLOWS_A_DAY; n++) {
      const seconds = day * DAY + Math.floor((n * DAY) / FLOWS_A_DAY)
      if (n % 120 === 0) engine.healthInterval(health(seconds, DAY / 60, lost))
      // Less by night.
      if (Math.floor(seconds / HOUR) % 24 < 6 && next() < 0.7) continue
      const server = Math.floor(next() * SERVERS)
      showTo(server, seconds, ofServer.get(server))
    }
    for (const fault of on.filter(({ from }) => from === day)) {
      for (let n = 0; n < (fault.burst ?? 0); n++) showTo(fault.servers[0] as number, day * DAY + DAY - 300 + n, fault)
    }
    for (const { kind, finding } of engine.takeEvents()) {
      const { rule, subject, severity } = finding
      if (kind === 'opened' || kind === 'reopened' || kind === 'worsened') opened.push({ day, rule, subject, severity })
    }
  }
  return { opened, findings: engine.findings(), flows }
}

it('has no alert in a healthy month, not even a note', () => {
  const { opened, flows } = month([])
  expect(opened).toEqual([])
  expect(flows).toBeGreaterThan(100_000)
  expect(at(DAYS * DAY)).toBe('2026-04-01T00:00:00.000Z')
})

it('plants a fault of every detector', () => {
  expect(FAULTS.map(({ rule }) => rule)).toEqual(DETECTORS.map(({ id }) => id))
})

it('finds every planted fault, soon, and no more than five a day beyond them; what was mended is resolved', () => {
  const { opened, findings } = month(FAULTS)
  const keyOf = ({ rule, subject }: { rule: string; subject: string }): string => `${rule}|${subject}`
  for (const fault of FAULTS) {
    const first = opened.find((one) => keyOf(one) === keyOf(fault) && one.day >= fault.from)
    expect(first?.severity, keyOf(fault)).toBe(fault.severity)
    expect(first?.day, keyOf(fault)).toBeLessThanOrEqual(fault.from + FOUND_WITHIN_DAYS)
  }
  const stateOf = (fault: Fault) => findings.find((one) => keyOf(one) === keyOf(fault))?.state
  const mended = FAULTS.filter(({ until }) => until !== undefined)
  expect(mended.map((fault) => `${fault.rule} ${stateOf(fault)}`)).toEqual(mended.map(({ rule }) => `${rule} resolved`))

  const told = opened.filter(({ severity }) => severity !== 'info')
  const subjects = new Set(FAULTS.map(({ subject }) => subject))
  const beyond = told.filter(({ subject }) => !subjects.has(subject))
  console.info(`${told.length} alerts of ${FAULTS.length} faults in ${DAYS} days, ${beyond.length} of other subjects`)
  for (let day = 0; day < DAYS; day++) {
    expect(beyond.filter((one) => one.day === day).length).toBeLessThanOrEqual(MOST_BEYOND)
  }
  // What a planted fault brings beside itself is told once, not every day.
  expect(told.length).toBeLessThanOrEqual(3 * FAULTS.length)
})
