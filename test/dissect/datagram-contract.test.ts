/** What every row of the table of datagram dissectors must hold, whatever its protocol. */

import { createCipheriv } from 'node:crypto'
import { readdirSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { FlowFacts } from '../../src/core/facts.ts'
import { PROTO_ESP } from '../../src/core/ip-numbers.ts'
import { CLIENT, type DatagramDissector, type DissectorState } from '../../src/dissect/dissector.ts'
import { DATAGRAM_DISSECTORS } from '../../src/dissect/index.ts'
import { type Datagram, datagramFlowsIn, told } from './conversation.ts'

const FOLDER = fileURLToPath(new URL('../../captures/', import.meta.url))
const names = readdirSync(FOLDER).filter((name) => name.endsWith('.pcap'))
const flows = (
  await Promise.all(
    names.map(async (name) => (await datagramFlowsIn(FOLDER + name)).map((datagrams) => ({ name, datagrams }))),
  )
).flat()

const rowsFor = (proto: number): DatagramDissector[] =>
  DATAGRAM_DISSECTORS.filter(({ transport }) => transport === proto)

const namesOf = ({ name, inside = [] }: DatagramDissector): string[] => [name, ...inside]

const knows = (dissector: DatagramDissector, { bytes, from }: Datagram): boolean =>
  dissector.probe(bytes, 0, bytes.length, 0, from)

/** Datagrams of every length up to a full one, the same in each run: a generator of arrays would draw short ones alone. */
const RANDOM: readonly Uint8Array[] = randomDatagrams(20_000)

function randomDatagrams(count: number): Uint8Array[] {
  const noise = createCipheriv('aes-128-ctr', Buffer.alloc(16, 5), Buffer.alloc(16)).update(Buffer.alloc(count * 800))
  let at = 0
  return Array.from({ length: count }, (_, n) => {
    // Half of them short, where little has to fit; the others spread over all lengths.
    const length = n % 2 === 0 ? n % 129 : n % 1473
    at += length
    return Uint8Array.from(noise.subarray(at - length, at))
  })
}

/** The datagram by which a flow is recognised, its place, and the row that does. */
function recognise(datagrams: readonly Datagram[]): { dissector: DatagramDissector; place: number } | null {
  for (const [place, one] of datagrams.entries()) {
    const dissector = rowsFor(one.proto).find((row) => knows(row, one))
    if (dissector !== undefined) return { dissector, place }
  }
  return null
}

function read(dissector: DatagramDissector, datagrams: readonly Datagram[], used: DissectorState | null = null) {
  const facts = new FlowFacts()
  const state = dissector.start(facts, used)
  for (const { from, bytes, timeUs } of datagrams) {
    if (state.done || state.refused === true) break
    if (dissector.yields === true && !knows(dissector, { from, bytes, timeUs, proto: dissector.transport })) continue
    // What lies around the datagram is not its own.
    const around = Uint8Array.from([1, 0xff, 22, ...bytes, 22, 0xff, 1])
    dissector.read(state, facts, from, around, 3, 3 + bytes.length, 0, timeUs)
  }
  dissector.finish(state, facts)
  return { facts: told(facts), state }
}

for (const dissector of DATAGRAM_DISSECTORS) {
  describe(`${dissector.name} over protocol ${dissector.transport}, as a row of the table`, () => contract(dissector))
}

function contract(dissector: DatagramDissector): void {
  const own = flows.flatMap(({ name, datagrams }) => {
    const known = recognise(datagrams)
    if (known?.dissector !== dissector) return []
    return [{ name, opening: datagrams[known.place] as Datagram, datagrams: datagrams.slice(known.place) }]
  })

  it('recognises flows of a capture, and not those of the other rows', () => {
    expect(own.length).toBeGreaterThan(0)
    for (const other of rowsFor(dissector.transport)) {
      // One that is sure only after several datagrams is asked last.
      if (other === dissector || other.tentative === true) continue
      const taken = own.filter(({ opening }) => knows(other, opening)).map(({ name }) => name)
      expect({ other: other.name, taken }).toEqual({ other: other.name, taken: [] })
    }
  })

  it('learns something from each', () => {
    const learnt = own.map(({ datagrams }) => read(dissector, datagrams))
    // One that takes its word back learns nothing, and not all may do so.
    const kept = learnt.filter(({ state }) => state.refused !== true)
    expect(kept.length).toBeGreaterThan(0)
    for (const { facts } of kept) expect(namesOf(dissector)).toContain(facts.appProtocol)
    for (const { state, facts } of learnt) if (state.refused === true) expect(facts.appProtocol).toBeNull()
  })

  it('says no to random bytes', () => {
    const taken: string[] = []
    for (const bytes of RANDOM) {
      if (!dissector.probe(bytes, 0, bytes.length, 0, CLIENT)) continue
      // A yes that asserts nothing can be taken back.
      const { facts } = read(dissector, [{ from: CLIENT, proto: dissector.transport, bytes, timeUs: 0 }])
      if (facts.appProtocol !== null) taken.push(Buffer.from(bytes).toString('hex'))
    }
    // Nothing but the header of IP says that it is ESP: any bytes are.
    if (dissector.transport === PROTO_ESP) expect(taken.length).toBeGreaterThan(0)
    else expect(taken).toEqual([])
  })

  it('neither throws nor asserts another protocol on datagrams cut or changed at random', () => {
    const edits = fc.array(fc.tuple(fc.nat(), fc.nat({ max: 255 })), { minLength: 1, maxLength: 12 })
    const property = fc.property(fc.nat(), edits, fc.nat({ max: 200 }), (pick, changes, cut) => {
      const { datagrams } = own[pick % own.length] as (typeof own)[number]
      const changed = datagrams.slice(0, 40).map((one, i) => {
        const bytes = one.bytes.slice(0, i % 3 === 0 ? Math.max(one.bytes.length - cut, 0) : one.bytes.length)
        for (const [at, value] of changes) if (bytes.length > 0) bytes[at % bytes.length] = value
        return { ...one, bytes }
      })
      for (const { bytes, from } of changed) dissector.probe(bytes, 0, bytes.length, pick % 3, from)
      expect([null, ...namesOf(dissector)]).toContain(read(dissector, changed).facts.appProtocol)
    })
    fc.assert(property, { numRuns: 300, seed: 13 })
  })

  it('reads neither before `at` nor behind `end`', () => {
    for (const { opening } of own) {
      for (let end = 0; end <= Math.min(opening.bytes.length, 80); end++) {
        const cut = opening.bytes.slice(0, end)
        const answer = dissector.probe(cut, 0, end, 0, opening.from)
        expect(dissector.probe(opening.bytes, 0, end, 0, opening.from)).toBe(answer)
        const around = Uint8Array.from([9, 9, ...opening.bytes])
        expect(dissector.probe(around, 2, 2 + end, 0, opening.from)).toBe(answer)
      }
    }
  })

  it('looks at nothing that the capture did not keep', () => {
    for (const { opening } of own) {
      const { bytes, from } = opening
      for (let end = 0; end < Math.min(bytes.length, 120); end++) {
        const answers = [0x00, 0x41, 0xff].map((filler) => {
          const facts = new FlowFacts()
          const around = Uint8Array.from([...bytes.subarray(0, end), ...new Array(64).fill(filler)])
          const isKnown = dissector.probe(around, 0, end, bytes.length - end, from)
          const state = dissector.start(facts)
          if (isKnown) dissector.read(state, facts, from, around, 0, end, bytes.length - end, 0)
          dissector.finish(state, facts)
          return { isKnown, ...told(facts) }
        })
        expect(answers[1]).toEqual(answers[0])
        expect(answers[2]).toEqual(answers[0])
      }
    }
  })

  it('reuses a state as if it were new', () => {
    let used: DissectorState | null = null
    for (const { datagrams } of own) {
      const fresh = read(dissector, datagrams)
      used = read(dissector, datagrams.slice(0, Math.ceil(datagrams.length / 2)), used).state
      const again = read(dissector, datagrams, used)
      expect(again.facts).toEqual(fresh.facts)
      used = again.state
    }
  })
}

it('has no row for TCP', () => {
  expect(rowsFor(6)).toEqual([])
})
