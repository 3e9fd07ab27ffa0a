/** The life of a finding: one for a rule and a subject, ended by proof, damped when it flaps. */
import { describe, expect, it } from 'vitest'
import { type AlertConfig, createAlertEngine } from '../../src/alert/index.ts'
import { at, clear, DAY, flow, HOUR, health, many } from './simulate.ts'

const config = (different: Partial<AlertConfig> = {}): AlertConfig => ({
  rules: {},
  zones: {},
  suppressions: [],
  ...different,
})
const declined = clear('postgresql', { server_port: 5432, upgrade_state: 'refused' })
const healthy = { server_port: 5432, app_protocol: 'postgresql' }
const only = { A5: {} }

const run = (engine: ReturnType<typeof createAlertEngine>, flows: ReturnType<typeof many>): string[] => {
  for (const one of flows) engine.flow(one)
  return engine.takeEvents().map(({ kind, finding }) => `${kind} ${finding.rule}`)
}

describe('a finding', () => {
  it('is one for a rule and a subject, however many flows show it', () => {
    const engine = createAlertEngine()
    expect(run(engine, many(500, 0, 1, { ...declined }))).toEqual(['opened A5'])
    const [finding] = engine.findings()
    expect(finding).toMatchObject({ key: 'A5|10.0.2.20:5432', flows: 500, state: 'open', must_fix: 'server' })
    expect(finding?.flow_ids).toHaveLength(10)
    expect(finding?.clients).toEqual(['10.0.1.10'])
    expect(finding?.first_seen).toBe(at(0).replace('.000Z', '.000000Z'))
    expect(finding?.last_seen).toBe(at(499).replace('.000Z', '.000000Z'))
  })

  it('counts a flow that is reported twice once', () => {
    const engine = createAlertEngine()
    const one = flow(0, declined)
    expect(run(engine, [one, { ...one, increment: 1, bytes_server: 10_000 }])).toEqual(['opened A5'])
    expect(engine.findings()[0]?.flows).toBe(1)
  })

  it('is resolved only by flows without the fault, and an hour after the last one with it', () => {
    const engine = createAlertEngine()
    expect(run(engine, [flow(0, declined)])).toEqual(['opened A5'])
    expect(run(engine, many(50, 60, 1, healthy))).toEqual([])
    expect(run(engine, many(5, HOUR + 60, 1, healthy))).toEqual(['resolved A5'])
    expect(engine.findings()[0]).toMatchObject({
      state: 'resolved',
      proof: expect.stringContaining('without the fault'),
    })
  })

  it('is not resolved by silence: it becomes dormant after a week, and is reopened by the next flow', () => {
    const engine = createAlertEngine()
    run(engine, [flow(0, declined)])
    expect(run(engine, [flow(6 * DAY, { server_ip: '10.0.2.99' })])).toEqual([])
    expect(run(engine, [flow(8 * DAY, { server_ip: '10.0.2.99' })])).toEqual(['dormant A5'])
    expect(run(engine, [flow(9 * DAY, declined)])).toEqual(['reopened A5'])
  })

  it('that flaps is told at most twice a day', () => {
    const engine = createAlertEngine()
    const told: string[] = []
    for (let hours = 0; hours < 48; hours += 3) {
      told.push(...run(engine, [flow(hours * HOUR, declined), ...many(9, (hours + 2) * HOUR, 1, healthy)]))
    }
    expect(told).toEqual(['opened A5', 'resolved A5', 'reopened A5'])
    expect(engine.findings()[0]?.flapping).toBe(true)
    expect(run(engine, many(9, 80 * HOUR, 1, healthy))).toEqual(['resolved A5'])
  })

  it('that was acknowledged stays so, until it gets worse', () => {
    const engine = createAlertEngine()
    run(engine, [flow(0, { tls_version: 0x0303, offered_versions: [0x0303], downgrade_sentinel: 'tls12' })])
    expect(engine.acknowledge('A8|10.0.2.20:443', 'ada', 'the old client goes in May')).toBe(true)
    expect(engine.acknowledge('A8|10.9.9.9:443', 'ada', 'no such finding')).toBe(false)
    expect(engine.findings()[0]).toMatchObject({ state: 'acknowledged', acknowledged_by: 'ada' })
    const attack = flow(60, { tls_version: 0x0303, downgrade_sentinel: 'tls12' })
    expect(run(engine, [attack])).toEqual(['acknowledged A8', 'worsened A8'])
    expect(engine.findings()[0]).toMatchObject({ state: 'open', severity: 'critical' })
  })
})

describe('a suppression', () => {
  const suppressions = [
    {
      rules: ['tls-declined'],
      where: { servers: ['10.0.2.0/24'], ports: [5432] },
      owner: 'ada',
      reason: 'moves in April',
      expires: at(10 * DAY),
    },
  ]

  it('keeps the finding, with its owner, reason and expiry', () => {
    const engine = createAlertEngine(config({ suppressions }))
    run(engine, [flow(0, declined)])
    expect(engine.findings()[0]?.exception).toEqual({ owner: 'ada', reason: 'moves in April', expires: at(10 * DAY) })
  })

  it('ends at its expiry, and the finding is told then', () => {
    const engine = createAlertEngine(config({ suppressions }))
    expect(run(engine, many(3, 0, DAY, declined))).toEqual(['opened A5'])
    expect(run(engine, [flow(11 * DAY, declined)])).toContain('reopened A5')
    expect(engine.findings()[0]?.exception).toBeNull()
  })

  it('covers only what it names', () => {
    const engine = createAlertEngine(config({ suppressions }))
    run(engine, [flow(0, { ...declined, server_port: 5433 })])
    expect(engine.findings()[0]?.exception).toBeNull()
  })

  it.each([
    { name: 'of its sensor', where: { sensors: ['sim'] }, owner: 'ada' },
    { name: 'of anything', where: {}, owner: 'ada' },
    { name: 'of another sensor', where: { sensors: ['other'] }, owner: undefined },
    { name: 'of servers', where: { servers: ['10.0.0.0/8'] }, owner: undefined },
  ])('$name: a sensor that is blind', ({ where, owner }) => {
    const exception = { owner: 'ada', reason: 'moves in April', expires: at(10 * DAY) }
    const engine = createAlertEngine(config({ suppressions: [{ rules: ['A35'], where, ...exception }] }))
    engine.healthInterval(health(0, 10, { kernel_drops: 5000 }))
    expect(engine.findings()[0]?.exception?.owner).toBe(owner)
  })
})

it('a silence that is given holds, however many were given before', () => {
  const engine = createAlertEngine()
  const silence = (n: number, expires: string) =>
    engine.silence(`A5|10.0.${n >> 8}.${n & 255}:5432`, { owner: 'ada', reason: 'lab', expires })
  for (let n = 0; n < 10_001; n++) silence(n, at(DAY))
  silence(10_000, at(2 * DAY))
  run(engine, [flow(60, { ...declined, server_ip: '10.0.39.16' })])
  expect(engine.findings()[0]?.exception?.expires).toBe(at(2 * DAY))
})

describe('a configuration', () => {
  it.each([
    { name: 'turns a rule off', rules: { A5: { off: true } }, want: [] },
    { name: 'gives it another severity', rules: { 'tls-declined': { severity: 'low' as const } }, want: ['low'] },
    { name: 'limits where it looks', rules: { A5: { only: { servers: ['192.0.2.0/24'] } } }, want: [] },
    { name: 'leaves the rest as it is', rules: only, want: ['high'] },
  ])('$name', ({ rules, want }) => {
    const engine = createAlertEngine(config({ rules }))
    run(engine, [flow(0, declined)])
    expect(engine.findings().map(({ severity }) => severity)).toEqual(want)
  })

  it('limits the sensors of which it looks at intervals', () => {
    const engine = createAlertEngine(config({ rules: { A35: { only: { sensors: ['other'] } } } }))
    engine.healthInterval(health(0, 10, { kernel_drops: 5000 }))
    expect(engine.findings()).toEqual([])
    engine.healthInterval(health(0, 10, { kernel_drops: 5000, sensor: 'other' }))
    expect(engine.findings().map(({ key }) => key)).toEqual(['A35|other/eth1'])
  })

  it.each([
    { name: 'a rule that does not exist', given: { rules: { A99: {} } }, says: 'there is no rule "A99"' },
    {
      name: 'a setting that the rule does not have',
      given: { rules: { A1: { settings: { flows: 1 } } } },
      says: 'rule A1 has no setting "flows"',
    },
    {
      name: 'a key that is no SHA-256',
      given: { rules: { A16: { allow_spki: ['ab'.repeat(31)] } } },
      says: 'rule A16: allow_spki: "abab',
    },
    {
      name: 'a key where no rule asks for it',
      given: { rules: { A5: { allow_spki: ['ab'.repeat(32)] } } },
      says: 'rule A5 has no allow_spki',
    },
    {
      name: 'a load balancer where no rule asks for it',
      given: { rules: { A9: { elb_ranges: ['10.0.0.0/8'] } } },
      says: 'rule A9 has no elb_ranges',
    },
    {
      name: 'a load balancer at no address',
      given: { rules: { A34: { elb_ranges: ['lb-1.eu-west-1.elb.amazonaws.com'] } } },
      says: '"lb-1.eu-west-1.elb.amazonaws.com" is not an address',
    },
    {
      name: 'a range that is none',
      given: { zones: { prod: ['10.0.0.0/33'] } },
      says: '"10.0.0.0/33" is not an address',
    },
  ])('is refused for $name', ({ given, says }) => expect(() => createAlertEngine(config(given))).toThrow(says))
})

it('goes on after a restart where it was', () => {
  const first = createAlertEngine()
  run(first, [...many(19, 0, 60), flow(0, declined)])
  const saved = JSON.parse(JSON.stringify(first.save()))
  const second = createAlertEngine()
  second.restore(saved)
  expect(run(second, [flow(2000, declined)])).toEqual([])
  expect(second.findings()[0]?.flows).toBe(2)
  expect(run(second, [flow(2001), ...many(3, 3000, 1, clear('http'))])).toEqual(['opened A1', 'opened A2'].reverse())
})
