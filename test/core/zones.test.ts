/** The parts of the zones are the addresses that the table finds in them. */
import fc from 'fast-check'
import { expect, it } from 'vitest'
import { type AddressRange, addressWords, isInRange } from '../../src/core/address.ts'
import { type ZonePart, ZoneTable } from '../../src/core/zones.ts'

type Words = readonly [number, number, number, number]

const isOf = (words: Words, { range, without }: ZonePart): boolean => {
  const isIn = (one: AddressRange) => isInRange(one, ...words)
  return isIn(range) && !without.some(isIn)
}

/** Few octets, so that ranges lie in each other and addresses in them. */
const octet = fc.constantFrom(0, 1, 9, 10, 127, 128, 192, 255)
const ipv4 = fc.tuple(octet, octet, octet, octet).map((octets) => octets.join('.'))
const ipv6 = fc.tuple(octet, octet, octet).map(([a, b, c]) => `fd${a % 10}${b % 10}:${c}::${a}`)
const cidr = fc.oneof(
  fc.tuple(ipv4, fc.constantFrom(0, 1, 8, 9, 16, 24, 31, 32)).map(([ip, bits]) => `${ip}/${bits}`),
  fc.tuple(ipv6, fc.constantFrom(0, 7, 16, 32, 96, 128)).map(([ip, bits]) => `${ip}/${bits}`),
)
const name = fc.constantFrom('prod', 'lab', 'internal', 'external')
const zones = fc.array(fc.record({ name, cidr, vni: fc.constant(-1) }), { maxLength: 12 })

it('has each address in the parts of one zone', () => {
  fc.assert(
    fc.property(zones, fc.array(fc.oneof(ipv4, ipv6), { minLength: 1, maxLength: 20 }), (told, addresses) => {
      const table = new ZoneTable(told)
      const parts = table.names.map((_, zone) => table.partsOf(zone))
      for (const address of addresses) {
        const words = addressWords(address) as Words
        const found = parts.flatMap((of, zone) => (of.some((part) => isOf(words, part)) ? [zone] : []))
        expect(found, address).toEqual([table.numberOf(...words, -1)])
      }
    }),
    { numRuns: 500 },
  )
})

it('leaves out no range twice', () => {
  const told = ['a', 'b', 'c'].map((name) => ({ name, cidr: '198.51.100.0/24', vni: -1 }))
  const table = new ZoneTable([...told, { name: 'd', cidr: '198.51.100.9/32', vni: -1 }])
  const [everywhere] = table.partsOf(table.external)
  const word = (198 << 24) | (51 << 16) | (100 << 8)
  expect(everywhere?.without.filter(({ words }) => words[3] === word)).toHaveLength(1)
  expect(everywhere?.without.some(({ words }) => words[3] === (word | 9))).toBe(false)
})
