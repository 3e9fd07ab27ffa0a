/** Are a certificate's names those that an authority above it may certify? RFC 5280 §4.2.1.10, §6.1.4 (g). */
import type { NameConstraint, NameKind } from '../wire/x509-name-constraints.ts'
import { type Candidate, comparedName } from './candidate.ts'

/** Comparisons for one certificate and one authority: a thousand names under a thousand constraints are an attack. */
const MAX_COMPARISONS = 65_536

/** False also where there is more to compare than is worth it: an authority that is not heeded vouches for nothing. */
export function namesAllowed(below: Candidate, authority: Candidate): boolean {
  const constraints = authority.usage.nameConstraints
  if (constraints === null) return true
  const { permitted, excluded } = constraints
  const names = namesOf(below)
  if (names.length * (permitted.length + excluded.length) > MAX_COMPARISONS) return false
  return names.every(({ kind, text }) => {
    if (excluded.some((one) => one.kind === kind && (one.base === null || isWithin(kind, text, one.base)))) return false
    const allowed = permitted.filter((one) => one.kind === kind)
    return allowed.length === 0 || allowed.some(({ base }) => base !== null && isWithin(kind, text, base))
  })
}

interface Name {
  readonly kind: Exclude<NameKind, 'other'>
  readonly text: string
}

function namesOf({ facts, usage }: Candidate): readonly Name[] {
  const hosts = usage.hosts.map((host): Name => ({ kind: 'dns', text: host.toLowerCase() }))
  const addresses = usage.addresses.map((address): Name => ({ kind: 'ip', text: address }))
  const mailboxes = usage.mailboxes.map((mailbox): Name => ({ kind: 'mailbox', text: mailbox.toLowerCase() }))
  const subject: Name[] = facts.subject ? [{ kind: 'directory', text: facts.subject }] : []
  return [...hosts, ...addresses, ...mailboxes, ...subject]
}

function isWithin(kind: NameConstraint['kind'], text: string, base: string): boolean {
  if (kind === 'dns') return isHostWithin(text, base)
  if (kind === 'ip') return isAddressWithin(text, base)
  if (kind === 'mailbox') return isMailboxWithin(text, base)
  return isNameWithin(text, base)
}

/** Adding labels to the left keeps a name inside; a leading dot, which some write, asks for one at least. */
function isHostWithin(host: string, base: string): boolean {
  if (base === '') return true
  if (base.startsWith('.')) return host.endsWith(base)
  return host === base || host.endsWith(`.${base}`)
}

function isMailboxWithin(mailbox: string, base: string): boolean {
  if (base.includes('@')) return mailbox === base
  const host = mailbox.slice(mailbox.lastIndexOf('@') + 1)
  return base.startsWith('.') ? host.endsWith(base) : host === base
}

/** `base`: an address and a mask, one after the other. */
function isAddressWithin(address: string, base: string): boolean {
  if (base.length !== 2 * address.length) return false
  for (let i = 0; i < address.length; i++) {
    const mask = Number.parseInt(base[address.length + i] as string, 16)
    const differing = Number.parseInt(address[i] as string, 16) ^ Number.parseInt(base[i] as string, 16)
    if ((differing & mask) !== 0) return false
  }
  return true
}

/** Names are written with the most specific part first, so that what is below one ends as it does. */
function isNameWithin(name: string, base: string): boolean {
  const [below, above] = [comparedName(name), comparedName(base)]
  return above === null || below === above || below?.endsWith(`,${above}`) === true
}
