/** NameConstraints: which names an authority may certify (RFC 5280 §4.2.1.10). */
import { copyLatin1 } from '../core/bytes.ts'
import { type DerCursor, hexText, SEQUENCE } from './der.ts'
import { nameText } from './x509-name.ts'

/** Kinds of name that a constraint can be about, as far as they are judged. */
export type NameKind = 'dns' | 'ip' | 'mailbox' | 'directory' | 'other'

export interface NameConstraint {
  readonly kind: NameKind
  /**
   * dns, mailbox: lower-case; ip: hex of address and mask; directory: as `nameText` writes it. Null = a form that is not
   * judged, or could not be read.
   */
  readonly base: string | null
}

export interface NameConstraints {
  readonly permitted: readonly NameConstraint[]
  readonly excluded: readonly NameConstraint[]
}

/** Subtrees kept of each list; past it the constraints count as not read. */
const MAX_SUBTREES = 1024
const UNREAD: NameConstraint = { kind: 'other', base: null }

const PERMITTED = 0xa0
const EXCLUDED = 0xa1

export function readNameConstraints(value: DerCursor): NameConstraints {
  if (!value.take(SEQUENCE)) return { permitted: [UNREAD], excluded: [] }
  const fields = value.open()
  const permitted = fields.take(PERMITTED) ? subtrees(fields.open()) : []
  const excluded = fields.take(EXCLUDED) ? subtrees(fields.open()) : []
  return { permitted, excluded }
}

/** GeneralSubtree: a base, and two bounds that no profile of today uses. */
function subtrees(list: DerCursor): readonly NameConstraint[] {
  const found: NameConstraint[] = []
  while (list.next()) {
    if (found.length === MAX_SUBTREES) return [...found, UNREAD]
    const subtree = list.tag === SEQUENCE ? list.open() : null
    found.push(subtree?.next() === true ? constraintOf(subtree) : UNREAD)
  }
  return list.broken ? [...found, UNREAD] : found
}

// Context tags of GeneralName (§4.2.1.6).
const MAILBOX = 0x81
const DNS_NAME = 0x82
const DIRECTORY_NAME = 0xa4
const IP_ADDRESS = 0x87

function constraintOf(base: DerCursor): NameConstraint {
  const { tag, buf, at, end } = base
  if (tag === DNS_NAME || tag === MAILBOX) {
    return { kind: tag === DNS_NAME ? 'dns' : 'mailbox', base: copyLatin1(buf, at, end).toLowerCase() }
  }
  if (tag === IP_ADDRESS) {
    const isWhole = end - at === 8 || end - at === 32
    return { kind: 'ip', base: isWhole ? hexText(buf, at, end) : null }
  }
  if (tag !== DIRECTORY_NAME) return UNREAD
  const name = base.open()
  return { kind: 'directory', base: name.take(SEQUENCE) ? nameText(name.open()) : null }
}
