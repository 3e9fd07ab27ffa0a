/** What a probe may ask, and what not: endpoints of the store, held against the operator's lists. */
import { type AddressRange, addressRange, addressWords, isInRange } from '../core/address.ts'
import { OperatorError } from '../core/errors.ts'

/** An endpoint that was seen to answer. */
export interface ProbeTarget {
  readonly server_ip: string
  readonly server_port: number
  /** As a client asked for it; '' = no name was seen, and none is sent. */
  readonly server_name: string
  /** 'tls', or the protocol whose upgrade is asked for. */
  readonly protocol: string
}

/** Ranges of addresses, and names; "*.example" stands for every name below it. */
export interface ProbeList {
  readonly ranges: readonly AddressRange[]
  readonly names: readonly string[]
}

export interface ProbeRules {
  readonly allow: ProbeList
  readonly deny: ProbeList
}

/** Why an endpoint is left alone; null = it may be probed. */
export type Refusal = 'denied' | 'not allowed' | 'special address'

/**
 * Never by an allowed name, only by a range of nothing else: a name says nothing of where it leads. Metadata services hand out
 * credentials to whoever asks: 169.254.169.254 and its IPv6 forms of AWS and Google, Azure's, Alibaba's and Oracle's.
 */
const SPECIAL = [
  ...['0.0.0.0/8', '127.0.0.0/8', '169.254.0.0/16', '224.0.0.0/3', '100.100.100.200', '168.63.129.16', '192.0.0.192'],
  ...['::/128', '::1', 'fe80::/10', 'ff00::/8', 'fd00:ec2::/32', 'fd20:ce::254'],
].map((text) => addressRange(text) as AddressRange)

/** Does not fail: an address that cannot be read is not allowed. */
export function refusalOf(target: ProbeTarget, { allow, deny }: ProbeRules): Refusal | null {
  if (isListed(target, deny)) return 'denied'
  const isAllowedByRange = isInRanges(target, allow.ranges)
  if (isInRanges(target, SPECIAL) && !isInRanges(target, allow.ranges.filter(isSpecial))) return 'special address'
  return isAllowedByRange || isNamed(target, allow.names) ? null : 'not allowed'
}

/** All of it: 0.0.0.0/0 does not name them. */
const isSpecial = ({ words, masks }: AddressRange): boolean =>
  SPECIAL.some(
    (special) =>
      isInRange(special, ...(words as [number, number, number, number])) &&
      special.masks.every((mask, n) => ((masks[n] as number) & mask) === mask),
  )

const isListed = (target: ProbeTarget, { ranges, names }: ProbeList): boolean =>
  isInRanges(target, ranges) || isNamed(target, names)

function isInRanges({ server_ip }: ProbeTarget, ranges: readonly AddressRange[]): boolean {
  const words = addressWords(server_ip)
  return words !== null && ranges.some((range) => isInRange(range, ...words))
}

const isNamed = ({ server_name }: ProbeTarget, names: readonly string[]): boolean =>
  server_name !== '' && names.some((name) => covers(name, server_name.toLowerCase()))

const covers = (name: string, asked: string): boolean =>
  name.startsWith('*.') ? asked.endsWith(name.slice(1)) : asked === name

const NAME = /^(?:\*\.)?[a-z0-9_](?:[a-z0-9_.-]*[a-z0-9_])?$/

/** @throws OperatorError ERR_USAGE */
export function probeList(option: string, words: readonly string[]): ProbeList {
  const ranges: AddressRange[] = []
  const names: string[] = []
  for (const word of words) {
    const range = addressRange(word)
    const name = word.toLowerCase()
    if (range !== null) ranges.push(range)
    // What is all digits and points was meant for an address.
    else if (NAME.test(name) && !/^[\d./]+$/.test(name)) names.push(name)
    else {
      throw new OperatorError(
        'ERR_USAGE',
        `${option} ${word} is neither a range of addresses nor a name`,
        'write it as 10.0.0.0/8, fd00::/8, db.example or *.example',
      )
    }
  }
  return { ranges, names }
}
