/**
 * QUIC versions: what they are called, which salt their Initial keys come from, and how their headers differ.
 * IANA "QUIC Versions"; the drafts' salts are those of draft-ietf-quic-tls §5.2, the other vendors' of their sources.
 */
export const QUIC_V1 = 0x00000001
export const QUIC_V2 = 0x6b3343cf
/** Version 2 in the drafts before draft-ietf-quic-v2-07, as ngtcp2 0.12 speaks it. */
export const QUIC_V2_DRAFT = 0x709a50c4
/** The version field of a Version Negotiation packet (RFC 9000 §17.2.1). */
export const VERSION_NEGOTIATION = 0
/** First draft whose Initial packets can be read here: connection ids have a length byte each since draft 22. */
const FIRST_DRAFT = 22
const LAST_DRAFT = 34
const DRAFT_BASE = 0xff000000

const salt = (hex: string): Uint8Array => Uint8Array.from(Buffer.from(hex, 'hex'))

/** RFC 9001 §5.2; drafts 33 and 34 have the same. */
const SALT_V1 = salt('38762cf7f55934b34d179ae6a4c80cadccbb7f0a')
/** RFC 9369 §3.3.1. */
const SALT_V2 = salt('0dede3def700a6db819381be6e269dcbf9bd2ed9')
const SALT_DRAFT_22 = salt('7fbcdb0e7c66bbe9193a96cd21519ebd7a02644a')
const SALT_DRAFT_23 = salt('c3eef712c72ebb5a11a7d2432bb46365bef9f502')
const SALT_DRAFT_29 = salt('afbfec289993d24c9e9786f19c6111e04390a899')

interface Traits {
  readonly name: string
  readonly salt: Uint8Array
}

const VERSIONS: ReadonlyMap<number, Traits> = new Map([
  [QUIC_V1, { name: 'v1', salt: SALT_V1 }],
  [QUIC_V2, { name: 'v2', salt: SALT_V2 }],
  [QUIC_V2_DRAFT, { name: 'v2-draft', salt: salt('a707c203a59b47184a1d62ca570406ea7ae3e5d3') }],
  ...drafts(),
  // Facebook's mvfst: drafts 22 and 27 under its own numbers, and v1 under two aliases.
  [0xfaceb001, { name: 'mvfst-1', salt: SALT_DRAFT_22 }],
  [0xfaceb002, { name: 'mvfst-2', salt: SALT_DRAFT_23 }],
  [0xfaceb003, { name: 'mvfst-3', salt: SALT_V1 }],
  [0xfaceb004, { name: 'mvfst-4', salt: SALT_V1 }],
  [0xfaceb00e, { name: 'mvfst-e', salt: SALT_DRAFT_23 }],
  // Google's last own versions: QUIC Crypto and TLS in the packets of the IETF's drafts.
  [0x51303530, { name: 'Q050', salt: salt('504574efd066fe2f9d945cfcdbd3a7f0d3b56b45') }],
  [0x54303530, { name: 'T050', salt: salt('7ff579e5acd072915580304c43a2367c60488310') }],
  [0x54303531, { name: 'T051', salt: salt('7a4edef4e7ccee5fa4506c19124fc8ccda6e033d') }],
])

function drafts(): [number, Traits][] {
  const rows: [number, Traits][] = []
  for (let n = FIRST_DRAFT; n <= LAST_DRAFT; n++)
    rows.push([DRAFT_BASE + n, { name: `draft-${n}`, salt: draftSalt(n) }])
  return rows
}

function draftSalt(n: number): Uint8Array {
  if (n >= 33) return SALT_V1
  if (n >= 29) return SALT_DRAFT_29
  return n >= 23 ? SALT_DRAFT_23 : SALT_DRAFT_22
}

/** The salt of the version's Initial secrets, or null when we know none. Reserved versions have the last draft's, by custom. */
export const initialSalt = (version: number): Uint8Array | null =>
  VERSIONS.get(version)?.salt ?? (isReservedVersion(version) ? SALT_DRAFT_29 : null)

/** "v1", "draft-29", "Q046"; a number we know no name for as hex. */
export function quicVersionName(version: number): string {
  const known = VERSIONS.get(version)
  if (known !== undefined) return known.name
  if (isGoogleVersion(version)) return String.fromCharCode(version >>> 24, 0x30, (version >>> 8) & 255, version & 255)
  return `0x${version.toString(16).padStart(8, '0')}`
}

/** Google's own: "Q" or "T", "0", and two digits. */
export function isGoogleVersion(version: number): boolean {
  const family = version >>> 24
  if ((family !== 0x51 && family !== 0x54) || ((version >>> 16) & 255) !== 0x30) return false
  return isDigit((version >>> 8) & 255) && isDigit(version & 255)
}

/** Google's QUIC Crypto, with CHLO messages, in place of TLS. */
export const usesQuicCrypto = (version: number): boolean => version >>> 24 === 0x51 && isGoogleVersion(version)

const isDigit = (byte: number): boolean => byte >= 0x30 && byte <= 0x39

/** Reserved to force version negotiation: 0x?a?a?a?a (RFC 9000 §15). */
export const isReservedVersion = (version: number): boolean => (version & 0x0f0f0f0f) === 0x0a0a0a0a

/** Version 2 numbers its long packet types from 1 on: Initial 0b01, 0-RTT 0b10, Handshake 0b11, Retry 0b00 (RFC 9369 §3.2). */
export const typeShift = (version: number): number => (isVersion2(version) ? 1 : 0)

/** Prefix of the labels that packet protection keys are expanded with (RFC 9001 §5.1, RFC 9369 §3.3.2). */
export const keyLabelPrefix = (version: number): string => (isVersion2(version) ? 'quicv2 ' : 'quic ')

const isVersion2 = (version: number): boolean => version === QUIC_V2 || version === QUIC_V2_DRAFT
