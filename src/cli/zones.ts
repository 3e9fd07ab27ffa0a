/** Zones: names of networks, from a YAML file. */
import { isIP } from 'node:net'
import * as z from 'zod'
import { OperatorError } from '../core/errors.ts'
import type { ZoneRange } from '../core/zones.ts'
import { readYamlFile } from './yaml-file.ts'

/** Each is held against each flow that is rolled up. */
const MAX_RANGES = 1000
const FIX = 'write it as docs/store.md says'
const MAX_VNI = 0xff_ff_ff

/** No sign that a question about zones has a meaning for. */
const name = z.string().regex(/^[A-Za-z0-9][\w.-]{0,63}$/, 'expected up to 64 letters, digits and . _ -')
const cidr = z.string().refine(isCidr, 'expected an address and a length, as 10.1.0.0/16')
const ZONE = z.strictObject({ name, cidrs: z.array(cidr).min(1), vni: z.int().min(0).max(MAX_VNI).optional() })
/** As the list stands under `zones:`, in a file of its own or in that of a capture. */
export const ZONES = z.array(ZONE)
export type Zones = z.infer<typeof ZONES>
const FILE = z.strictObject({ zones: ZONES })

function isCidr(text: string): boolean {
  const [, address = '', length = ''] = /^([0-9a-fA-F:.]+)\/(\d{1,3})$/.exec(text) ?? []
  const family = isIP(address)
  return family !== 0 && Number(length) <= (family === 4 ? 32 : 128)
}

/** What a capture was told: a list, or the file that has it. @throws OperatorError ERR_USAGE */
export const zonesOf = (told: string | Zones): ZoneRange[] =>
  typeof told === 'string' ? readZones(told) : rangesOf(told, 'zones')

/** @throws OperatorError ERR_USAGE naming the line */
export const readZones = (file: string): ZoneRange[] =>
  rangesOf(readYamlFile(file, FILE, { what: 'the zones', whose: 'a zone', fix: FIX }).zones, `${file}:1`)

function rangesOf(zones: Zones, place: string): ZoneRange[] {
  const ranges = zones.flatMap((zone) => zone.cidrs.map((one) => ({ name: zone.name, cidr: one, vni: zone.vni ?? -1 })))
  if (ranges.length <= MAX_RANGES) return ranges
  throw new OperatorError('ERR_USAGE', `${place}: ${ranges.length} ranges are more than ${MAX_RANGES}`, FIX)
}
