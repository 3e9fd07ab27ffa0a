/** The certificates that were seen, for people: a line of figures each, then who vouches, where it is and what is wrong. */
import { describeRule } from '../classify/index.ts'
import { CERTIFICATE_FAULTS } from './certificate-faults.ts'
import { clip, counted, endpoint, printable, seconds, WIDTH } from './format.ts'
import { hanging, inBlackAndWhite, inColour, type Sheet, table, title } from './layout.ts'
import type { SeenCertificate } from './read-certificates.ts'

/** Ends with a line break. */
export function renderCertificates(seen: readonly SeenCertificate[], colour: boolean): string {
  if (seen.length === 0) return 'No certificates that answer this were seen.\n'
  const sheet: Sheet = { width: WIDTH, paint: colour ? inColour : inBlackAndWhite }
  const certificates = printable([...seen])
  const [heading = '', ...rows] = table([{ cells: HEADING }, ...certificates.map(figures)], sheet)
  const listed = certificates.flatMap((one, i) => [rows[i] ?? '', ...details(one, sheet)])
  return [[heading, ...listed], remedies(certificates, sheet), warnings(certificates, sheet)]
    .filter((lines) => lines.length > 0)
    .map((lines) => `${lines.join('\n')}\n`)
    .join('\n')
}

const HEADING = ['certificate', 'key', 'use', 'ends', 'days left']

const figures = (one: SeenCertificate) => ({
  cells: [
    nameOf(one),
    keyOf(one),
    one.use === 'ca' ? 'CA' : one.use,
    one.not_after?.slice(0, 10) ?? '?',
    one.days_left === null ? '?' : String(one.days_left),
  ],
})

/** What a browser would call it: the common name, else the first name. */
function nameOf({ subject, subject_alt_names: names, fingerprint_sha256 }: SeenCertificate): string {
  const commonName = COMMON_NAME.exec(subject ?? '')?.[1]
  return commonName || names[0] || subject || fingerprint_sha256
}

/** Separators inside a value are escaped (RFC 4514 §2.4): what follows one of those is no attribute. */
const COMMON_NAME = /^(?:(?:\\.|[^,+\\])*[,+])*?CN=((?:\\.|[^,+\\])*)/

/** What is not known by name is told by its object identifier, which may be long. */
const MAX_KEY = 18

function keyOf({ key_type: type, key_bits: bits, key_curve: curve }: SeenCertificate): string {
  if (type === null) return '?'
  const named = curve ?? (bits === null || type.startsWith('ed') ? type : `${type} ${bits}`)
  return clip(named, MAX_KEY)
}

function details(one: SeenCertificate, sheet: Sheet): string[] {
  const signed = [one.signature_algorithm, one.signature_hash].filter((part) => part !== null).join(', ')
  return [
    ...hanging('  ', `issued by ${one.issuer || '?'}${signed === '' ? '' : ` (${signed})`}`, sheet),
    ...(one.chain.length > 1 ? hanging('  ', vouching(one), sheet) : []),
    ...one.issuer_addresses.slice(0, 1).flatMap((at) => hanging('  ', `its issuer says to be at ${at}`, sheet)),
    ...hanging('  ', whereabouts(one), sheet),
    ...faults(one, sheet),
    ...(one.tolerated.length === 0 ? [] : hanging('  ', `tolerated: ${one.tolerated.join(', ')}`, sheet)),
  ]
}

/** The path above it, and who had what is not of the server's own. */
function vouching({ chain, anchor }: SeenCertificate): string {
  const above = chain
    .slice(1)
    .map(({ subject, from }) => `${shortName(subject)}${from === 'seen' ? ' (not sent)' : ''}`)
  return `under ${above.join(' < ')}: ${ANCHORS[anchor ?? 'none']}`
}

const ANCHORS = { public: "a root of Mozilla's", private: 'a root of your own', none: 'no root that is trusted' }

const shortName = (subject: string): string => COMMON_NAME.exec(subject)?.[1] || subject

function whereabouts(one: SeenCertificate): string {
  const [latest] = one.sightings
  if (latest === undefined) return ''
  const name = latest.server_name === null ? '' : ` as ${latest.server_name}`
  const others = one.endpoints > 1 ? ` and ${counted(one.endpoints - 1, 'more endpoint')}` : ''
  const place = `${endpoint(latest.server_ip, latest.server_port)}${name}${others}`
  const [from, to] = [seconds(one.first_seen), seconds(one.last_seen)]
  return [
    `${one.use === 'client' ? 'to' : 'at'} ${place}`,
    counted(one.flows, 'flow'),
    from === to ? from : `${from} to ${to}`,
    ...(one.provenance.every((word) => word === 'observed') ? [] : [one.provenance.join(' and ')]),
    ...(one.in_use ? [] : ['since replaced']),
  ].join(', ')
}

function faults({ faults: ids }: SeenCertificate, sheet: Sheet): string[] {
  const isGrave = CERTIFICATE_FAULTS.some(({ id, severity }) => ids.includes(id) && GRAVE.has(severity))
  return ids.length === 0
    ? []
    : hanging('  ', `faults: ${ids.join(', ')}`, sheet).map((line) => sheet.paint(line, isGrave ? 'plaintext' : 'weak'))
}

const GRAVE: ReadonlySet<string> = new Set(['critical', 'high'])

/** What the faults mean, and what to do about them. */
function remedies(certificates: readonly SeenCertificate[], sheet: Sheet): string[] {
  const lines = CERTIFICATE_FAULTS.flatMap(({ id, title: what, fix }) => {
    const count = certificates.filter(({ faults: ids }) => ids.includes(id)).length
    if (count === 0) return []
    return [
      `${id}  ${counted(count, 'certificate')}`,
      ...hanging('  ', `${what}.`, sheet),
      ...hanging('  ', fix, sheet),
    ]
  })
  return lines.length === 0 ? [] : [title('Faults'), ...lines]
}

/** Rules that only warn: what they mean, and what could be done. */
function warnings(certificates: readonly SeenCertificate[], sheet: Sheet): string[] {
  const counts = new Map<string, number>()
  for (const { tolerated } of certificates) for (const rule of tolerated) counts.set(rule, (counts.get(rule) ?? 0) + 1)
  const lines = [...counts].sort().flatMap(([name, count]) => {
    const rule = describeRule(name)
    return [
      `${name}  ${counted(count, 'certificate')}`,
      ...(rule === null ? [] : [...hanging('  ', `${rule.title}.`, sheet), ...hanging('  ', rule.fix, sheet)]),
    ]
  })
  return lines.length === 0 ? [] : [title('Tolerated'), ...lines]
}
