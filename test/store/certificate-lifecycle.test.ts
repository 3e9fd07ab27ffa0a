/** How certificates follow one another, over a made year. Each expected figure is worked out by hand beside what it follows from. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type LifecycleRow, lifecycleOf } from '../../src/report/certificate-lifecycle.ts'
import { openStore, type Store } from '../../src/store/index.ts'
import { fingerprint, madeYear, serial } from './certificate-year.ts'
import { ALL_TIME, UNFILTERED } from './lines.ts'

const HOUR = 3600
const DAY = 24 * HOUR

let folder: string
let store: Store

const LETS_ENCRYPT = "CN=R11,O=Let's Encrypt,C=US"
const at = (day: string, hour = 0): string => `2027-${day}T${String(hour).padStart(2, '0')}:00:00.000000Z`

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'intransit-lifecycle-'))
  store = await openStore({ data: folder })
  await store.migrate()
  const year = await madeYear()
  const { certificate, shown } = year

  // rollout.example: 90 days each, on twenty addresses. The second rollout takes an hour for each: .1 at once, .20 after 19 hours.
  certificate('roll1', ['rollout.example'], '2027-01-01', '2027-04-01')
  certificate('roll2', ['rollout.example'], '2027-03-02', '2027-05-31')
  certificate('roll3', ['rollout.example'], '2027-05-01', '2027-07-30')
  for (let n = 1; n <= 20; n++) {
    shown('roll1', `10.0.1.${n}`, '2027-01-05')
    shown('roll2', `10.0.1.${n}`, at('03-02', 1))
    shown('roll3', `10.0.1.${n}`, new Date(Date.parse(at('05-01', 1)) + (n - 1) * HOUR * 1000).toISOString())
  }

  // half.example: of four addresses one shows the new one, one the old one still, one after two days, and one nothing since.
  certificate('half1', ['half.example'], '2027-01-01', '2027-12-31')
  certificate('half2', ['half.example'], '2027-06-01', '2028-06-01')
  for (const n of [1, 2, 3, 4]) shown('half1', `10.0.2.${n}`, '2027-02-01')
  shown('half2', '10.0.2.1', at('06-01'))
  shown('half1', '10.0.2.2', at('06-20'))
  shown('half2', '10.0.2.3', at('06-03'))

  // late.example: the last day, and then after the end; another issuer the second time.
  certificate('late1', ['late.example'], '2027-01-01', '2027-04-01', { issuer: 'CN=A' })
  certificate('late2', ['late.example'], '2027-03-30', '2027-06-28', { issuer: 'CN=A' })
  certificate('late3', ['late.example'], '2027-06-20', '2027-09-18', { issuer: 'CN=B' })
  shown('late1', '10.0.3.1', '2027-01-05')
  shown('late2', '10.0.3.1', at('03-31', 12))
  shown('late2', '10.0.3.1', '2027-06-29')
  shown('late3', '10.0.3.1', '2027-07-08')

  // Three in turn at one address; two for long at another; three on three addresses, each of which stays with its own.
  for (const [n, name] of ['flap1', 'flap2', 'flap3'].entries()) {
    certificate(name, ['flap.example'], `2027-0${n + 1}-01`, `2028-0${n + 1}-01`)
    for (const day of ['04-05', '04-07', '04-09']) shown(name, '10.0.7.1', at(day, n))
    certificate(`own${name}`, ['own.example'], `2027-0${n + 1}-01`, `2028-0${n + 1}-01`)
    for (const day of ['04-05', '04-07', '04-09']) shown(`own${name}`, `10.0.9.${n}`, at(day, n))
  }
  for (const [n, name] of ['slow1', 'slow2'].entries()) {
    certificate(name, ['slow.example'], `2027-0${n + 1}-01`, `2028-0${n + 1}-01`)
    for (const day of ['04-05', '04-07']) shown(name, '10.0.8.1', at(day, n))
  }

  // Issued by protocol; said to be automated by an inventory; of a private authority by an inventory, and revoked in use.
  certificate('public1', ['public.example'], '2027-09-01', '2027-11-30', { issuer: LETS_ENCRYPT })
  shown('public1', '10.0.6.1', '2027-09-29')
  certificate('told1', ['told.example'], '2027-01-01', '2028-01-01')
  shown('told1', '10.0.6.2', '2027-09-29')
  // An inventory says that a person renews it, though its issuer issues by protocol; another says so of somebody else's number.
  certificate('manual1', ['manual.example'], '2027-09-01', '2027-11-30', { issuer: LETS_ENCRYPT })
  shown('manual1', '10.0.6.4', '2027-09-29')
  certificate('private1', ['private.example'], '2027-01-01', '2028-01-01', { issuer: 'CN=Private' })
  shown('private1', '10.0.6.3', '2027-08-01')
  shown('private1', '10.0.6.3', '2027-09-29')
  // The same names on another port are another identity.
  certificate('other1', ['private.example'], '2027-01-01', '2028-02-01', { issuer: 'CN=Private' })
  shown('other1', '10.0.6.3:5432', '2027-08-01')
  await year.store(store)

  const inventory = [
    { source: 'acm', item: 'told', serial_number: serial('told1'), automated: true },
    // Superseded: the latest import counts, whichever it is.
    {
      ...{ source: 'csv', item: 'manual, as it was', serial_number: serial('manual1'), automated: true },
      imported_at: '2027-11-01T00:00:00Z',
    },
    { source: 'csv', item: 'manual', serial_number: serial('manual1'), automated: false },
    { source: 'csv', item: 'public', serial_number: serial('public1'), issuer: 'CN=Else', automated: false },
    {
      ...{ source: 'acm-pca', item: 'private', authority: 'private', issuer: 'CN=Private' },
      ...{ serial_number: serial('private1'), revoked_at: '2027-09-01T00:00:00Z' },
    },
    // The same number by another issuer says nothing of ours.
    {
      ...{ source: 'acm-pca', item: 'stranger', authority: 'private', issuer: 'CN=Else' },
      ...{ serial_number: serial('other1'), revoked_at: '2027-01-02T00:00:00Z' },
    },
  ].map((row) => JSON.stringify({ fingerprint_sha256: '', imported_at: '2027-12-01T00:00:00Z', ...row }))
  await store.insertImports(`${inventory.join('\n')}\n`, inventory.length, 'imports')
  const probe = {
    ...{ probe_id: serial('probe'), probed_at: at('10-01'), sensor: 'test', server_ip: '10.0.3.1', server_port: 443 },
    ...{ server_name: 'late.example', protocol: 'tls', outcome: 'handshake', handshakes: 1 },
    server_certificates: [fingerprint('late3')],
  }
  await store.insertProbes(`${JSON.stringify(probe)}\n`, 1, 'probe')
}, 60_000)
afterAll(async () => {
  await store?.close()
  rmSync(folder, { recursive: true, force: true })
})

const ask = (params: Record<string, unknown> = {}): Promise<LifecycleRow[]> =>
  store.select('certificate-lifecycle', {
    ...{ ...ALL_TIME, ...UNFILTERED, after_end_s: -99_999_999_999, limit: 100 },
    ...params,
  })

async function of(identity: string): Promise<LifecycleRow> {
  const rows = (await ask()).filter((row) => row.identity === identity)
  expect(rows).toHaveLength(1)
  return rows[0] as LifecycleRow
}

describe('a renewal', () => {
  it('has its lead time, and how long half, most and all of the endpoints took', async () => {
    const row = await of('rollout.example 443')
    // An hour after 1 May; the old one ends on 31 May. Delays are 0 to 19 hours: the 10th, 19th and 20th.
    expect(row).toMatchObject({
      ...{ certificates: 3, endpoints: 20, renewals: 2, lead_s: 30 * DAY - HOUR, near_misses: 0, expired: 0, open: 0 },
      ...{ t50_s: 9 * HOUR, t95_s: 18 * HOUR, t100_s: 19 * HOUR },
      ...{ first_seen: '2027-01-05T00:00:00.000000Z', last_seen: at('05-01', 20), newest: fingerprint('roll3') },
      ...{ newest_ends: '2027-07-30T00:00:00Z', issuer_changes: 0, flapping: false },
      // At 60 of 90 days, twice.
      ...{ automation: 'likely', automation_by: 'rhythm' },
    })
    expect(row.rollouts).toEqual([
      {
        ...{ renewed_at: at('05-01', 1), old: fingerprint('roll2'), new: fingerprint('roll3') },
        ...{ lead_s: 30 * DAY - HOUR, near_miss: false, issuer_changed: false, endpoints: 20, done: 20, open: 0 },
        ...{ t50_s: 9 * HOUR, t95_s: 18 * HOUR, t100_s: 19 * HOUR },
      },
      {
        ...{ renewed_at: at('03-02', 1), old: fingerprint('roll1'), new: fingerprint('roll2') },
        ...{ lead_s: 30 * DAY - HOUR, near_miss: false, issuer_changed: false, endpoints: 20, done: 20, open: 0 },
        ...{ t50_s: 0, t95_s: 0, t100_s: 0 },
      },
    ])
  })

  it('that has not come everywhere has no time for what it has not reached', async () => {
    // Of four endpoints two are done, one is open, one is silent and counts for nothing: half of three is the second, after two days.
    const { rollouts, ...row } = await of('half.example 443')
    expect(row).toMatchObject({ endpoints: 4, open: 1, t50_s: 2 * DAY, t95_s: null, t100_s: null })
    expect(rollouts[0]).toMatchObject({ endpoints: 4, done: 2, open: 1 })
  })

  it('at the last moment is a near miss, after the end an incident; by another issuer it is told', async () => {
    const row = await of('late.example 443')
    // The first with 12 hours left, the second ten days late; late2 and, by a probe, late3 after their end. Neither is at 50 to 90 % of a life.
    expect(row).toMatchObject({
      ...{ renewals: 2, lead_s: -10 * DAY, near_misses: 1, expired: 2, issuer_changes: 1 },
      ...{ automation: 'unlikely', automation_by: null },
    })
    expect(
      row.rollouts.map(({ lead_s, near_miss, issuer_changed }) => ({ lead_s, near_miss, issuer_changed })),
    ).toEqual([
      { lead_s: -10 * DAY, near_miss: false, issuer_changed: true },
      { lead_s: 12 * HOUR, near_miss: true, issuer_changed: false },
    ])
    expect(
      row.deployments.map(({ fingerprint_sha256, issuer, expired }) => [fingerprint_sha256, issuer, expired]),
    ).toEqual([
      [fingerprint('late3'), 'CN=B', true],
      [fingerprint('late2'), 'CN=A', true],
      [fingerprint('late1'), 'CN=A', false],
    ])
  })
})

describe('flapping', () => {
  it('is three certificates in turn at one address, not two, nor three at addresses of their own', async () => {
    expect(await of('flap.example 443')).toMatchObject({ flapping: true, renewals: 2, places: [{ flapping: true }] })
    expect(await of('slow.example 443')).toMatchObject({ flapping: false, renewals: 1 })
    expect(await of('own.example 443')).toMatchObject({ flapping: false, endpoints: 3, open: 1 })
  })
})

describe('what is inferred or told', () => {
  it.each([
    { identity: 'public.example 443', automation: 'likely', automation_by: 'issuer' },
    { identity: 'told.example 443', automation: 'likely', automation_by: 'import' },
    { identity: 'manual.example 443', automation: 'unlikely', automation_by: 'import' },
    { identity: 'half.example 443', automation: 'unknown', automation_by: null },
  ])('$identity: automation is $automation', async ({ identity, ...want }) => {
    const row = await of(identity)
    expect(row).toMatchObject(want)
    expect(lifecycleOf(row).automation_provenance).toBe(want.automation_by === 'import' ? 'imported' : 'inferred')
  })

  it('names the private authority, and the revocation that was not heeded', async () => {
    expect(await of('private.example 443')).toMatchObject({
      ...{ authority: 'private', revoked: 1, expired: 0 },
      deployments: [{ revoked: true, authority: 'private', issuer: 'CN=Private' }],
    })
    // Its issuer is known for a private one; the revocation is another issuer's.
    expect(await of('private.example 5432')).toMatchObject({ authority: 'private', revoked: 0 })
    expect(await of('told.example 443')).toMatchObject({ authority: null, revoked: 0 })
  })
})

it('each endpoint has its own first, last and newest', async () => {
  const { places } = await of('half.example 443')
  expect(
    places.map(({ server_ip, first_seen, newest, certificates }) => [server_ip, first_seen, newest, certificates]),
  ).toEqual([
    ['10.0.2.2', at('02-01'), fingerprint('half1'), 1],
    ['10.0.2.3', at('02-01'), fingerprint('half2'), 2],
    ['10.0.2.1', at('02-01'), fingerprint('half2'), 2],
    ['10.0.2.4', at('02-01'), fingerprint('half1'), 1],
  ])
  const [late] = (await of('late.example 443')).places
  expect(late).toMatchObject({ server_ip: '10.0.3.1', certificates: 3, expired: 2, last_seen: at('10-01') })
})

describe('the list', () => {
  const identities = async (params: Record<string, unknown>) =>
    (await ask(params)).map(({ identity }) => identity).sort()

  it.each<{ by: string; params: Record<string, unknown>; want: string[] }>([
    { by: 'a part of the name', params: { name: 'PRIVATE' }, want: ['private.example 443', 'private.example 5432'] },
    {
      by: 'an address',
      params: { server_ips: ['10.0.6.2', '10.0.8.1'] },
      want: ['slow.example 443', 'told.example 443'],
    },
    {
      by: 'automation',
      params: { automations: ['unlikely'] },
      want: ['flap.example 443', 'late.example 443', 'manual.example 443', 'own.example 443'],
    },
    { by: 'provenance', params: { provenances: ['probed'] }, want: ['late.example 443'] },
    {
      by: 'a time',
      params: { from: at('09-28'), to: at('09-30'), name: 'e' },
      want: ['manual.example 443', 'private.example 443', 'public.example 443', 'told.example 443'],
    },
  ])('is cut by $by', async ({ params, want }) => {
    // late3 was probed in October, and shown in traffic in July: nothing of it is known in between.
    const found = await identities(params)
    expect(found.filter((one) => one !== 'late.example 443' || want.includes(one))).toEqual(want)
  })

  it('in traffic alone does not know what a probe saw', async () => {
    const [late] = await ask({ provenances: ['observed'], name: 'late.example' })
    expect(late).toMatchObject({ expired: 1, last_seen: at('07-08') })
  })

  it('goes on after a row, and comes to all of them once', async () => {
    const all = await ask()
    const paged: LifecycleRow[] = []
    for (let after: Partial<LifecycleRow> = { end_s: -99_999_999_999, identity_id: '' }; ; ) {
      const page = await ask({ after_end_s: after.end_s, after_id: after.identity_id, limit: 4 })
      paged.push(...page)
      if (page.length < 4) break
      after = page.at(-1) as LifecycleRow
    }
    expect(paged).toEqual(all)
    expect(all.length).toBe(11)
    const ends = all.map(({ newest_ends }) => newest_ends as string)
    expect(ends).toEqual([...ends].sort())
  })
})
