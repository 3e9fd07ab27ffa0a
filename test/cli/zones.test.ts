/** The file that names networks: what it may say, and what it may not. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { readZones, zonesOf } from '../../src/cli/zones.ts'

let folder: string
let file: string

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'intransit-zones-'))
  file = join(folder, 'zones.yaml')
})
afterAll(() => rmSync(folder, { recursive: true }))

const read = (yaml: string) => {
  writeFileSync(file, yaml)
  return readZones(file)
}

it('names one range for each CIDR', () => {
  const yaml =
    'zones:\n  - name: apps\n    cidrs: [10.1.0.0/16, "fd00::/8"]\n  - name: b\n    cidrs: [10.0.0.0/8]\n    vni: 7\n'
  const want = [
    { name: 'apps', cidr: '10.1.0.0/16', vni: -1 },
    { name: 'apps', cidr: 'fd00::/8', vni: -1 },
    { name: 'b', cidr: '10.0.0.0/8', vni: 7 },
  ]
  expect(read(yaml)).toEqual(want)
  expect(zonesOf(file)).toEqual(want)
  expect(zonesOf([{ name: 'b', cidrs: ['10.0.0.0/8'], vni: 7 }])).toEqual(want.slice(2))
  expect(read('zones: []')).toEqual([])
})

it.each([
  { name: 'a length that is none', yaml: 'zones:\n  - name: a\n    cidrs: [10.0.0.0/33]', line: 3 },
  { name: 'an address alone', yaml: 'zones:\n  - name: a\n    cidrs: [10.0.0.1]', line: 3 },
  { name: 'a host name', yaml: 'zones:\n  - name: a\n    cidrs: [example.test/8]', line: 3 },
  { name: 'a name with a sign of its own', yaml: 'zones:\n  - name: a>b\n    cidrs: [10.0.0.0/8]', line: 2 },
  { name: 'a name that denies', yaml: "zones:\n  - name: '!external'\n    cidrs: [10.0.0.0/8]", line: 2 },
  { name: 'no range', yaml: 'zones:\n  - name: a\n    cidrs: []', line: 3 },
  { name: 'a VNI of 25 bits', yaml: 'zones:\n  - name: a\n    cidrs: [10.0.0.0/8]\n    vni: 16777216', line: 4 },
  { name: 'what is no YAML', yaml: 'zones:\n  - [', line: 2 },
])('refuses $name, and says in which line', ({ yaml, line }) => {
  expect(() => read(yaml)).toThrow(
    expect.objectContaining({ code: 'ERR_USAGE', message: expect.stringContaining(`zones.yaml:${line}: `) }),
  )
})

it('refuses more ranges than can be held against each flow, and a file that is not there', () => {
  const many = Array.from({ length: 1001 }, (_, i) => `10.${i >> 8}.${i & 255}.0/24`).join(', ')
  expect(() => read(`zones:\n  - name: a\n    cidrs: [${many}]`)).toThrow(/1001 ranges are more than 1000/)
  expect(() => readZones(join(folder, 'none.yaml'))).toThrow(/the zones cannot be read/)
})
