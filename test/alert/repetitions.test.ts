/** Most flows repeat others, and are not shown to every detector again: it must make no difference to anything. */
import { expect, it } from 'vitest'
import { Facts } from '../../src/alert/facts.ts'
import { Flow, flowOf, type Place, placeOf, ServerName, Shared } from '../../src/alert/flow.ts'
import { createAlertEngine, type FlowRecord } from '../../src/alert/index.ts'
import { addressWords } from '../../src/core/address.ts'
import { sequenceTests } from './rule-tests.ts'
import { certificate, clear, DAY, flow, tls12 } from './simulate.ts'

/** Flows that share places, names and facts, as the reader of lines makes them. */
function sharing(): (record: FlowRecord) => Flow {
  const facts = new Map<string, Facts>()
  const places = new Map<string, Place>()
  const names = new Map<string, ServerName>()
  const repeated = new Map<string, Shared>()
  const texts = { id: '', clientIp: '' }
  let borrowed: Flow | null = null
  const one = <T>(known: Map<string, T>, key: string, make: () => T): T => {
    const found = known.get(key) ?? make()
    known.set(key, found)
    return found
  }
  return (record) => {
    const { flow_id, first_seen, last_seen, client_ip, client_port, server_ip, server_port, increment, ...rest } =
      record
    const { server_name, packets_client, packets_server, bytes_client, bytes_server, ...agreed } = rest
    const whole = flowOf(record)
    const place = one(places, `${server_ip} ${server_port} ${increment}`, () => placeOf(record))
    const name = server_name === undefined ? null : one(names, server_name, () => new ServerName(server_name))
    const common = one(facts, JSON.stringify(agreed), () => new Facts(record))
    const key = `${place.serial} ${name?.serial} ${common.serial}`
    const shared = one(repeated, key, () => new Shared(place, name, common))
    texts.id = flow_id
    texts.clientIp = client_ip
    borrowed ??= new Flow(texts, shared)
    borrowed.become(shared)
    const { sensor, visibility, transport, firstUs, lastUs, bytesClient, bytesServer, idNumber } = whole
    const [client0, client1, client2, client3] = addressWords(client_ip) ?? []
    const client = { hasClientWords: true, client0, client1, client2, client3 }
    const own = { sensor, visibility, transport, firstUs, lastUs, bytesClient, bytesServer, idNumber }
    return Object.assign(borrowed, own, client)
  }
}

const issued = certificate('shop.example.org', { from: -50 })
const renewed = certificate('shop.example.org', { from: 10 })
const ended = certificate('old.example.org', { from: -89 })
const other = certificate('other.example.org', { from: 0 })

/** What a network says: sound nearly always, and each fault now and then, or from some day on. */
const KINDS: readonly ((day: number) => Partial<FlowRecord>)[] = [
  () => ({}),
  (day) => (day < 6 ? {} : { tls_version: 0x0303, verdict: 'weak', cipher_suite: 0xc013 }),
  () => ({ ...tls12, server_certificates: [ended.fingerprint_sha256], server_name: 'old.example.org' }),
  (day) => {
    const shown = day < 12 ? issued : renewed
    return { ...tls12, server_certificates: [shown.fingerprint_sha256], server_name: 'shop.example.org' }
  },
  () => ({ ...tls12, server_certificates: [other.fingerprint_sha256], server_name: 'wrong.example.org' }),
  (day) => ({ ...tls12, client_certificate: day < 9 ? 'presented' : 'none' }),
  (day) => (day < 8 || day > 11 ? {} : clear('http', { server_name: undefined as never })),
  (day) => ({ offered_groups: [0x11ec, 29], named_group: day < 7 ? 0x11ec : 29 }),
  () => clear('postgresql', { upgrade_state: 'refused', upgrade: undefined as never }),
  (day) => (day % 3 === 0 ? { server_name: undefined as never } : {}),
  (day) => (day < 15 ? {} : { ja4: 't13d0000h2_000000000000_111111111111' }),
  (day) => (day < 5 ? {} : { alerts: ['client:fatal:unknown_ca'], verdict: 'unknown' }),
]

/** Beside them, what has an edge as its subject, and upgrades. */
const MORE_KINDS: typeof KINDS = [
  ...KINDS,
  (day) => (day % 5 === 0 ? { oddities: ['conflicting_bytes'] } : {}),
  (day) => clear('smtp', { upgrade: undefined as never, upgrade_state: day < 6 ? 'advertised' : 'not_offered' }),
  (day) => clear('ftp', day % 4 === 0 ? { credentials_exposed: ['password'] } : {}),
]

it.each(sequenceTests())(
  '$name leaves the same whether each flow is looked at, or repetitions are not',
  ({ records }) => {
    const each = createAlertEngine()
    const shared = createAlertEngine()
    const share = sharing()
    for (const one of records.certificates) {
      each.certificate(one)
      shared.certificate(one)
    }
    for (const record of records.flows) {
      each.flow(record)
      shared.look(share(record))
    }
    expect(shared.takeEvents()).toEqual(each.takeEvents())
    expect(shared.findings()).toEqual(each.findings())
    expect(shared.save()).toEqual(each.save())
  },
)

/** Of the first and the last finding of all that there are. */
function decide(engine: ReturnType<typeof createAlertEngine>): void {
  const keys = engine.findings().map(({ key }) => key)
  engine.acknowledge(keys[0] as string, 'alice', 'known')
  engine.silence(keys.at(-1) as string, { owner: 'bob', reason: 'accepted', expires: '2026-12-01' })
}

it.each([
  [KINDS, 'A1 A12 A13 A17 A2 A21 A23 A24 A25 A26 A28 A30 A5 A7 A9'],
  [MORE_KINDS, 'A1 A12 A13 A17 A2 A21 A24 A25 A26 A27 A28 A3 A4 A5 A7 A9'],
])('repetitions that detectors are not shown leave the same findings, and the same memory (%#)', (kinds, found) => {
  const each = createAlertEngine()
  const shared = createAlertEngine()
  const share = sharing()
  let state = 7
  const next = (below: number): number => {
    state = (state * 48_271) % 2_147_483_647
    return state % below
  }
  for (const one of [issued, renewed, ended, other]) {
    each.certificate(one)
    shared.certificate(one)
  }
  for (let n = 0; n < 24_000; n++) {
    // In bursts, as detectors that note times to the minute are still within one minute.
    const seconds = Math.floor(n / 200) * (DAY / 6) + (n % 200) / 4
    const kind = next(kinds.length)
    const what = kinds[kind]?.(Math.floor(seconds / DAY)) ?? {}
    const odd = next(50) === 0 ? (kinds[next(kinds.length)]?.(0) ?? {}) : what
    const place = {
      server_ip: `10.0.2.${kind}`,
      client_ip: `10.0.1.${next(9)}`,
      server_port: next(2) === 0 ? 443 : 8000,
    }
    const record = flow(seconds, { ...odd, ...place, ...(next(20) === 0 ? { increment: 1 } : {}) })
    each.flow(record)
    shared.look(share(record))
    // Operators decide in between, and what they accepted must not be counted past them.
    if (n % 6000 === 5000) for (const engine of [each, shared]) decide(engine)
  }
  expect([...new Set(shared.findings().map(({ rule }) => rule))].sort().join(' ')).toBe(found)
  expect(shared.takeEvents()).toEqual(each.takeEvents())
  expect(shared.save()).toEqual(each.save())
})
