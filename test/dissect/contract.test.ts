/** What every row of the dissector table must hold, whatever its protocol. */
import { readdirSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { SshFacts, UpgradeState } from '../../src/core/facts.ts'
import { CLIENT, type Direction, type Dissector, type DissectorState } from '../../src/dissect/dissector.ts'
import { TCP_DISSECTORS } from '../../src/dissect/index.ts'
import { type Conversation, conversationsIn, Reading, told } from './conversation.ts'
import { acknowledgement, clientReset, dataPacket, serverReset, tlsPiece } from './openvpn-bytes.ts'

const FOLDER = fileURLToPath(new URL('../../captures/', import.meta.url))
/** Longer flows show nothing new behind that, and every byte is fed alone. */
const MAX_BYTES = 32 * 1024

interface Named {
  readonly name: string
  readonly turns: Conversation
}

const names = readdirSync(FOLDER).filter((name) => name.endsWith('.pcap'))
const captured: Named[] = (
  await Promise.all(names.map(async (name) => (await conversationsIn(FOLDER + name)).map((turns) => ({ name, turns }))))
).flat()

/** OpenVPN around the TLS of a capture: its control channel carries the same bytes in pieces. */
function insideOpenVpn({ name, turns }: Named): Named {
  const nextId = [1, 1]
  const wrapped = turns.flatMap(({ from, bytes, timeUs }) => {
    const pieces: number[] = []
    for (let at = 0; at < bytes.length; at += 1000) {
      const id = nextId[from] as number
      nextId[from] = id + 1
      pieces.push(...tlsPiece(id, bytes.subarray(at, at + 1000)))
    }
    return [{ from, timeUs, bytes: Uint8Array.from([...pieces, ...acknowledgement(id(nextId))]) }]
  })
  const opening = [clientReset(), serverReset()].map((bytes, from) => turn(from as Direction, bytes))
  const data = [0, 1].map((from) => turn(from as Direction, dataPacket(120)))
  return { name: `openvpn around ${name}`, turns: [...opening, ...wrapped, ...data] }
}

const id = (nextId: readonly number[]): number => (nextId[0] as number) - 1
const turn = (from: Direction, bytes: ArrayLike<number>) => ({ from, bytes: Uint8Array.from(bytes), timeUs: 0 })
const sizeOf = ({ turns }: Named): number => turns.reduce((sum, { bytes }) => sum + bytes.length, 0)

const small = captured.filter((one) => sizeOf(one) <= MAX_BYTES)
const all = [...small, ...small.filter(({ name }) => /^tls1[23]-(hrr|ecdsa|client-cert)/.test(name)).map(insideOpenVpn)]

/** The bytes of one direction by which a conversation is recognised, and by which row: the first that says yes. */
interface Recognised {
  readonly dissector: Dissector
  readonly from: Direction
  readonly bytes: Uint8Array
}

function recognise({ turns }: Named): Recognised | null {
  const said = [new Uint8Array(), new Uint8Array()]
  for (const { from, bytes } of turns) {
    const all = Uint8Array.from([...(said[from] as Uint8Array), ...bytes])
    said[from] = all
    const dissector = TCP_DISSECTORS.find((one) => one.probe(all, 0, all.length, from) === 'match')
    if (dissector !== undefined) return { dissector, from, bytes: all }
  }
  return null
}

const namesOf = ({ name, inside = [] }: Dissector): string[] => [name, ...inside]

const recognised = new Map(all.map((one) => [one, recognise(one)]))

for (const dissector of TCP_DISSECTORS) {
  describe(`${dissector.name}, as a row of the table`, () => dissectorContract(dissector))
}

function dissectorContract(dissector: Dissector): void {
  const own = all.filter((one) => recognised.get(one)?.dissector === dissector)
  const strange = all.filter((one) => recognised.get(one)?.dissector !== dissector)
  const openings = own.map((one) => recognised.get(one) as Recognised)
  const read = (turns: Conversation) => told(new Reading(dissector).hears(turns).finish().facts)

  it('recognises conversations and not those of the other rows', () => {
    expect(own.length).toBeGreaterThan(0)
    for (const other of TCP_DISSECTORS) {
      if (other === dissector) continue
      const taken = openings.filter(({ from, bytes }) => other.probe(bytes, 0, bytes.length, from) === 'match')
      expect({ other: other.name, taken }).toEqual({ other: other.name, taken: [] })
    }
  })

  it('learns something from each', () => {
    for (const { name, turns } of own) {
      const { appProtocol, upgrade } = read(turns)
      // What only stands in front of another protocol leaves the name to that.
      const found = appProtocol ?? upgrade?.replaceAll('_', '-')
      expect({ name, found: namesOf(dissector).includes(found ?? '') ? 'its own' : found }).toEqual({
        name,
        found: 'its own',
      })
    }
  })

  it('gives the same facts for any split of the same bytes into segments', () => {
    for (const { name, turns } of own) {
      const whole = read(turns)
      for (const size of [1, 2, 7, 64, 1460]) {
        expect({ name, size, ...read(splitEvery(turns, () => size)) }).toEqual({ name, size, ...whole })
      }
    }
    const sizes = fc.array(fc.integer({ min: 1, max: 400 }), { minLength: 1, maxLength: 12 })
    const property = fc.property(fc.nat(), sizes, (pick, cut) => {
      const { turns } = own[pick % own.length] as Named
      let next = 0
      expect(read(splitEvery(turns, () => cut[next++ % cut.length] as number))).toEqual(read(turns))
    })
    fc.assert(property, { numRuns: 200, seed: 7 })
  })

  it('never reads past `end` or before `at`: what lies around the bytes changes nothing', () => {
    for (const { name, turns } of own) {
      const whole = read(turns)
      for (const around of [[0x00], [0xff], [0x16, 0x03, 0x03], [0x0d, 0x0a, 0x0d, 0x0a], [0x00, 0x0e, 0x38]]) {
        const reading = new Reading(dissector)
        const filler = new Array(20).fill(around).flat()
        for (const { from, bytes, timeUs } of splitEvery(turns, () => 97)) {
          reading.at(timeUs).says(from, bytes, 0, filler)
        }
        expect({ name, ...told(reading.finish().facts) }).toEqual({ name, ...whole })
      }
    }
  })

  it('probes no further than `end`: more bytes behind it do not change the answer', () => {
    for (const { turns } of [...own, ...strange]) {
      const bytes = turns[0]?.bytes ?? new Uint8Array()
      for (let end = 0; end <= Math.min(bytes.length, 80); end++) {
        const cut = bytes.slice(0, end)
        expect(dissector.probe(bytes, 0, end, CLIENT)).toBe(dissector.probe(cut, 0, end, CLIENT))
        expect(dissector.opener?.(bytes, 0, end)).toBe(dissector.opener?.(cut, 0, end))
      }
    }
  })

  it('never says no to a beginning of what it says yes to', () => {
    for (const { from, bytes } of openings) {
      for (let end = 1; end < bytes.length; end++) expect(dissector.probe(bytes, 0, end, from)).not.toBe('no_match')
    }
  })

  it('says no to random bytes, and soon', () => {
    const next = random(20_261_124)
    const answers = { match: 0, no_match: 0, unsure: 0 }
    for (let n = 0; n < 20_000; n++) {
      const bytes = Uint8Array.from({ length: 256 }, () => next() & 255)
      answers[dissector.probe(bytes, 0, bytes.length, CLIENT)] += 1
    }
    expect(answers.match).toBe(0)
    // A first byte or two that fit keep the question open until more came.
    expect(answers.unsure).toBeLessThan(200)
  })

  it.each([
    { name: 'zeros', byte: 0x00 },
    { name: 'ones', byte: 0xff },
    { name: 'letters', byte: 0x41 },
    { name: 'line feeds', byte: 0x0a },
    { name: 'handshake bytes', byte: 0x16 },
    { name: 'opcode bytes', byte: 0x38 },
  ])('answers a megabyte of $name in bounded time', ({ byte }) => {
    const bytes = new Uint8Array(1 << 20).fill(byte)
    dissector.probe(bytes, 0, bytes.length, CLIENT)
    const started = performance.now()
    for (let n = 0; n < 100; n++) dissector.probe(bytes, 0, bytes.length, CLIENT)
    // Looking at every byte each time would take a hundred times as long.
    expect(performance.now() - started).toBeLessThan(100)
  })

  it('neither throws nor stalls on bytes changed at random', () => {
    const changes = fc.array(fc.tuple(fc.nat(), fc.nat({ max: 255 })), { minLength: 1, maxLength: 20 })
    const property = fc.property(fc.nat(), changes, fc.integer({ min: 1, max: 600 }), (pick, edits, size) => {
      const { turns } = own[pick % own.length] as Named
      const changed = turns.map((one) => ({ ...one, bytes: one.bytes.slice() }))
      for (const [at, value] of edits) {
        const { bytes } = changed[at % changed.length] as (typeof changed)[number]
        bytes[(at >>> 4) % bytes.length] = value
      }
      const { facts } = new Reading(dissector).hears(splitEvery(changed, () => size)).finish()
      expect([null, ...namesOf(dissector)]).toContain(facts.appProtocol)
    })
    fc.assert(property, { numRuns: 500, seed: 11 })
  })

  it('makes a gap a fact, and every other fact less and not wrong', () => {
    for (const one of own) {
      const whole = read(one.turns)
      for (const [n, { bytes }] of one.turns.entries()) {
        for (const [at, length] of holes(bytes.length)) {
          const hole = `${one.name}: turn ${n}, ${length} bytes at ${at}`
          const { facts, told } = readWithHole(dissector, one.turns, n, at, length)
          expect({ hole, wrong: wrongFacts(whole, told, facts.sawGap, one.name) }).toEqual({ hole, wrong: [] })
        }
      }
    }
  })

  it('reuses a state as if it were new', () => {
    let used: DissectorState | null = null
    for (const { name, turns } of [...own, ...own.toReversed()]) {
      // The earlier flow may have been left at any place.
      const left: Reading<DissectorState> = new Reading(dissector, used)
      const some = splitEvery(turns, () => 333)
      left.hears(some.slice(0, Math.ceil(some.length / 2))).finish()
      used = left.state
      const again: Reading<DissectorState> = new Reading(dissector, used)
      used = again.state
      expect({ name, ...told(again.hears(turns).finish().facts) }).toEqual({ name, ...read(turns) })
    }
  })
}

function splitEvery(turns: Conversation, nextSize: () => number): Conversation {
  return turns.flatMap(({ from, bytes, timeUs }) => {
    const parts = []
    for (let at = 0; at < bytes.length; ) {
      const end = Math.min(at + nextSize(), bytes.length)
      parts.push({ from, timeUs, bytes: bytes.slice(at, end) })
      at = end
    }
    return parts
  })
}

/** Where bytes get lost: single ones and runs, at the front, in the middle and at the end; all of the turn. */
function holes(length: number): (readonly [at: number, length: number])[] {
  const places = [0, 1, 5, 9, 40, 80, length >> 1, length - 20, length - 1].filter((at) => at >= 0 && at < length)
  const sizes = [1, 30, length]
  return places.flatMap((at) => sizes.map((size) => [at, Math.min(size, length - at)] as const))
}

function readWithHole(dissector: Dissector, turns: Conversation, n: number, at: number, length: number) {
  const reading = new Reading(dissector)
  for (const [i, { from, bytes, timeUs }] of turns.entries()) {
    reading.at(timeUs)
    if (i !== n) reading.says(from, bytes)
    else reading.says(from, bytes.subarray(0, at), length).says(from, bytes.subarray(at + length))
  }
  const { facts } = reading.finish()
  return { facts, told: told(facts) }
}

type Told = ReturnType<typeof told>

/** What was asked of these servers they had not offered: of a request that is lost, that is what is left. */
const ASKED_UNOFFERED =
  /^(managesieve-starttls-(refused|early)|(nats-tls|pop3-stls|smtp-postfix-starttls|xmpp-starttls)-refused)/

/** Facts of a conversation with a hole that the whole one does not bear out. */
function wrongFacts(whole: Told, holed: Told, sawGap: boolean, name: string): string[] {
  const wrong: string[] = []
  // Bytes that nobody would have looked at are no gap, and then nothing may differ.
  if (!sawGap) return JSON.stringify(holed) === JSON.stringify(whole) ? [] : ['a gap that is not told']
  // Where the alert that refused a handshake is lost, what led up to it is what was seen.
  const missesRefusal = isRefused(whole.tls) && !isRefused(holed.tls)
  if (!missesRefusal && !isWeaker(holed.protection, whole.protection, ['undetermined', 'opaque']))
    wrong.push('protection')
  if (!isWeaker(holed.upgrade, whole.upgrade, [null])) wrong.push('upgrade')
  if (holed.credentialsExposed.some((kind) => !whole.credentialsExposed.includes(kind))) wrong.push('credentials')
  const lesser = lesserStates(whole.upgradeState)
  if (ASKED_UNOFFERED.test(name)) lesser.push('not_offered')
  if (!isWeaker(holed.upgradeState, whole.upgradeState, lesser)) wrong.push('upgradeState')
  if (holed.authMechanisms.some((one) => !whole.authMechanisms.includes(one))) wrong.push('authMechanisms')
  for (const key of ['protocolVersion', 'protocolSecurity', 'authOutcome'] as const) {
    if (!isWeaker<string | null>(holed[key], whole[key], [null])) wrong.push(key)
  }
  if (holed.ssh !== null && whole.ssh !== null) wrong.push(...wrongSshFacts(whole.ssh, holed.ssh))
  if (holed.tls !== null && whole.tls !== null) wrong.push(...wrongTlsFacts(whole.tls, holed.tls))
  if (holed.http !== null && whole.http !== null) wrong.push(...wrongHttpFacts(whole.http, holed.http))
  return wrong
}

/** What an upgrade looks like as long as its last messages were not seen. */
function lesserStates(state: UpgradeState | null): (UpgradeState | null)[] {
  if (state === 'stripped') return [null, 'not_offered']
  if (state === 'requested') return [null, 'advertised']
  if (state === 'accepted' || state === 'refused') return [null, 'advertised', 'requested']
  return state === 'skipped' ? [null, 'advertised'] : [null]
}

function wrongSshFacts(whole: SshFacts, holed: SshFacts): string[] {
  const keys = Object.keys(whole) as (keyof SshFacts)[]
  return keys.filter((key) => !isWeaker<unknown>(holed[key], whole[key], [null, 0])).map((key) => `ssh.${key}`)
}

type TlsTold = NonNullable<Told['tls']>
type HttpTold = NonNullable<Told['http']>

/** What each fact says as long as nothing is known. */
const TLS_UNKNOWN: Partial<{ [K in keyof TlsTold]: readonly TlsTold[K][] }> = {
  serverName: [null],
  version: [0],
  cipherSuite: [-1],
  namedGroup: [0],
  dhBits: [0],
  alpn: [null],
  ja3s: [null],
  compressionMethod: [0],
  helloRetry: [false],
  resumed: [false],
  earlyData: [false],
  ech: [null, 'grease_or_offered'],
  downgradeSentinel: [null],
  extendedMasterSecret: [null],
  secureRenegotiation: [false],
  encryptThenMac: [false],
  heartbeat: [false],
  renegotiation: [false],
  newSessionTicket: [false],
  ocspStaple: [false],
  clientCertificate: ['unobservable', 'requested'],
  sawServerHello: [false],
}

const isRefused = (tls: TlsTold | null): boolean => tls?.alerts.some((alert) => alert.includes(':fatal:')) ?? false

function wrongTlsFacts(whole: TlsTold, holed: TlsTold): string[] {
  const wrong = (Object.keys(TLS_UNKNOWN) as (keyof TlsTold)[]).filter(
    (key) => !isWeaker<unknown>(holed[key], whole[key], TLS_UNKNOWN[key] ?? []),
  )
  for (const key of ['serverCertificates', 'clientCertificates', 'alerts'] as const) {
    if (holed[key].some((entry) => !whole[key].includes(entry))) wrong.push(key)
  }
  // A reader that missed the end of the handshake goes on to where data shows it.
  if (holed.established && !whole.established && isRefused(whole)) wrong.push('established')
  // The second hello of a HelloRetryRequest is all that is left when the first got lost; JA4 is the same for both.
  if (holed.offer !== null && holed.offer.ja4 !== whole.offer?.ja4) wrong.push('offer')
  return wrong
}

function wrongHttpFacts(whole: HttpTold, holed: HttpTold): string[] {
  const wrong: string[] = []
  for (const key of ['requests', 'responses', 'cookiesSet', 'cookiesWithoutSecure'] as const) {
    if (holed[key] > whole[key]) wrong.push(key)
  }
  for (const key of ['hsts', 'redirectsToHttps'] as const) if (holed[key] && !whole[key]) wrong.push(key)
  // Of several exchanges, the first one that was seen.
  if (whole.requests === 1 && !isWeaker(holed.method, whole.method, [null])) wrong.push('method')
  if (!isWeaker(holed.host, whole.host, [null])) wrong.push('host')
  if (whole.responses === 1 && !isWeaker(holed.status, whole.status, [0])) wrong.push('status')
  return wrong
}

const isWeaker = <T>(holed: T, whole: T, unknown: readonly T[]): boolean => holed === whole || unknown.includes(holed)

/** xorshift32: the same seed gives the same bytes. */
function random(seed: number): () => number {
  let state = seed | 1
  return () => {
    state ^= state << 13
    state ^= state >>> 17
    state ^= state << 5
    return state >>> 0
  }
}
