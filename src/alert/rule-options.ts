/** What an operator says of one rule, held against its row. */
import { OperatorError } from '../core/errors.ts'
import type { Detector, Settings } from './detector.ts'
import { addressTest } from './selector.ts'

const NO_KEYS: ReadonlySet<string> = new Set()
const SHA256 = /^[0-9a-f]{64}$/i
const SUPPRESS = 'write what is accepted of it under suppressions'
const WRITE_HEX = 'write 64 hex digits, as spki_sha256 of intransit certs --json has them'
const ONLY = 'write where it is to look under only'

/** @throws OperatorError ERR_USAGE for a name that the detector does not have */
export function settingsOf(row: Detector, given: Settings): Settings {
  const unknown = Object.keys(given).find((name) => !(name in row.defaults))
  if (unknown === undefined) return { ...row.defaults, ...given }
  const names = Object.keys(row.defaults).join(', ') || 'none'
  throw new OperatorError('ERR_USAGE', `rule ${row.id} has no setting "${unknown}"`, `it has: ${names}`)
}

/** @throws OperatorError ERR_USAGE for a detector that asks for none, or what is no SHA-256 */
export function acceptedKeysOf(row: Detector, keys: readonly string[] | undefined): ReadonlySet<string> {
  if (keys === undefined) return NO_KEYS
  if (row.acceptsKeys !== true) throw notAsked(row, 'allow_spki', SUPPRESS)
  const strange = keys.find((key) => !SHA256.test(key))
  if (strange === undefined) return new Set(keys.map((key) => key.toLowerCase()))
  throw new OperatorError('ERR_USAGE', `rule ${row.id}: allow_spki: "${strange}" is not a SHA-256`, WRITE_HEX)
}

/** @throws OperatorError ERR_USAGE for a detector that asks for none, or a range that is none */
export function loadBalancersOf(row: Detector, ranges: readonly string[] | undefined): (address: string) => boolean {
  if (ranges === undefined) return () => false
  if (row.asksLoadBalancers !== true) throw notAsked(row, 'elb_ranges', ONLY)
  return addressTest(ranges)
}

const notAsked = (row: Detector, option: string, fix: string): OperatorError =>
  new OperatorError('ERR_USAGE', `rule ${row.id} has no ${option}`, fix)
