/** Which certificate followed which, beside the definition taken at its word: every pair of certificates of an identity compared. */
import { createHash } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import type { LifecycleRow } from '../../src/report/certificate-lifecycle.ts'
import { openStore, type Store } from '../../src/store/index.ts'
import { ALL_TIME, flowLine, UNFILTERED } from './lines.ts'

const START_MS = Date.parse('2026-01-01T00:00:00Z')
const HOUR_MS = 3_600_000

interface Made {
  readonly id: string
  readonly host: string
  readonly kind: string
  /** Hours; of the first and the last flow, and of notBefore. */
  readonly first: number
  readonly last: number
  readonly begins: number
}

/** Numbers that look drawn, and are the same each time. */
function draws(seed: number): (below: number) => number {
  let state = seed
  return (below) => {
    state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0
    return Math.floor((state / 2 ** 32) * below)
  }
}

const idOf = (name: string): string => createHash('sha256').update(name).digest('hex')

/** Up to thirty certificates each, of two types of key, in every order of being made, shown and gone; some of them at one time. */
function madeCertificates(): Made[] {
  const draw = draws(7)
  return Array.from({ length: 40 }, (_, n) =>
    Array.from({ length: 2 + draw(28) }, (_, k): Made => {
      const first = draw(600)
      const last = first + (draw(3) === 0 ? 0 : draw(300))
      return {
        id: idOf(`${n} ${k}`),
        host: `h${n}.example`,
        kind: draw(4) === 0 ? 'rsa' : 'ec',
        first,
        last,
        begins: draw(600),
      }
    }),
  ).flat()
}

/** One that is followed by more than are looked at: they were made before it, all but the last. */
const LONG: readonly Made[] = [
  { id: idOf('long old'), host: 'long.example', kind: 'ec', first: 0, last: 0, begins: 300 },
  ...Array.from(
    { length: 50 },
    (_, n): Made => ({
      id: idOf(`long ${n}`),
      host: 'long.example',
      kind: 'ec',
      first: n + 1,
      last: n + 1,
      begins: 200 - n,
    }),
  ),
  { id: idOf('long new'), host: 'long.example', kind: 'ec', first: 60, last: 60, begins: 301 },
]

const timeOf = (hour: number): string => new Date(START_MS + hour * HOUR_MS).toISOString().replace('Z', '000Z')

const line = ({ id, host, kind, begins }: Made): string =>
  `${JSON.stringify({
    ...{ fingerprint_sha256: id, der: '', subject: `CN=${host}`, issuer: 'CN=Issuing', serial_number: id.slice(0, 32) },
    ...{ key_type: kind, key_bits: 256, self_issued: false, subject_alt_names: [host] },
    not_before: `${timeOf(begins).slice(0, 19)}Z`,
    not_after: `${timeOf(begins + 1000).slice(0, 19)}Z`,
  })}\n`

const flows = ({ id, host, first, last }: Made): string[] =>
  [first, last].map((hour, n) =>
    flowLine({
      ...{ name: `${id} ${n}`, verdict: 'strong', server_name: host, server_certificates: [id] },
      ...{ first_seen: timeOf(hour), last_seen: timeOf(hour), handshake_us: 1 },
    }),
  )

const MADE = madeCertificates()
let folder: string
let store: Store
let found: ReadonlyMap<string, LifecycleRow>

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'intransit-succession-'))
  store = await openStore({ data: folder })
  await store.migrate()
  const all = [...MADE, ...LONG]
  await store.insertCertificates(all.map(line).join(''), all.length, 'certificates')
  await store.insertFlows(all.flatMap(flows).join(''), 2 * all.length, 'flows')
  const asked = { ...ALL_TIME, ...UNFILTERED, after_end_s: -99_999_999_999, limit: 1000 }
  const rows = await store.select<LifecycleRow>('certificate-lifecycle', asked)
  found = new Map(rows.map((row) => [row.identity, row]))
}, 120_000)
afterAll(async () => {
  await store?.close()
  rmSync(folder, { recursive: true, force: true })
})

const rowOf = (host: string): LifecycleRow => found.get(`${host} 443`) as LifecycleRow

/** Made later and shown later, with the same type of key or when the old was gone; the first of those. */
function nextOf(one: Made, among: readonly Made[]): number | null {
  const later = among.filter(
    (other) =>
      other.begins > one.begins && other.first > one.first && (other.kind === one.kind || other.first > one.last),
  )
  return later.length === 0 ? null : Math.min(...later.map(({ first }) => first))
}

const hosts = [...new Set(MADE.map(({ host }) => host))]

it.each(hosts)('%s: each certificate is followed by the one that the definition names', (host) => {
  const among = MADE.filter((one) => one.host === host)
  const want = among.flatMap((one) => {
    const first = nextOf(one, among)
    return first === null ? [] : [[one.id, timeOf(first)]]
  })
  const { rollouts, renewals } = rowOf(host)
  expect(rollouts.map(({ old, renewed_at }) => [old, renewed_at]).sort()).toEqual(want.sort())
  expect(Number(renewals)).toBe(want.length)
  for (const { new: next, renewed_at } of rollouts) {
    expect(timeOf(among.find(({ id }) => id === next)?.first as number)).toBe(renewed_at)
  }
})

it('the made ones have renewals, of all that could go wrong with them', () => {
  const all = hosts.flatMap((host) => rowOf(host).rollouts)
  expect(all.length).toBeGreaterThan(300)
  const kinds = new Map(MADE.map(({ id, kind }) => [id, kind]))
  expect(all.filter((one) => kinds.get(one.old) !== kinds.get(one.new)).length).toBeGreaterThan(20)
})

it.each(hosts)('%s: it flaps where one was still shown a day after two newer ones of its kind', (host) => {
  const among = MADE.filter((one) => one.host === host)
  const isFlapping = among.some(
    (one) =>
      among.filter(
        ({ kind, begins, first }) =>
          kind === one.kind && begins > one.begins && first > one.first && one.last > first + 24,
      ).length >= 2,
  )
  expect(rowOf(host).flapping).toBe(isFlapping)
})

it('where none of the next 32 is the next one, it is the one made last', () => {
  const { rollouts } = rowOf('long.example')
  expect(rollouts.find(({ old }) => old === idOf('long old'))?.new).toBe(idOf('long new'))
})
