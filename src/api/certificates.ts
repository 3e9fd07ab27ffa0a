/** Certificates that were presented, those that end first at the beginning. */
import { PROVENANCES } from '../core/provenance.ts'
import { usageOf } from '../report/certificate-usage.ts'
import { readUsage } from '../wire/x509-usage.ts'
import { isHash, isSeconds, NO_SECONDS, readCursor } from './cursor.ts'
import { anyOf, IP, valuesOf } from './flow-filter.ts'
import { PAGE, pageAnswers, rowsToRead, sendPage } from './page.ts'
import { type Route, VIEWERS } from './route.ts'
import { COUNT, FLAG, objectOf, PORT, TEXT, TEXT_OR_NULL, TEXTS, TIME, TIME_OR_NULL } from './schemas.ts'
import { END, given, instant, TIME_RANGE, timeRange } from './time-range.ts'

const ROLE = { enum: ['server', 'client'] }
const PROVENANCE = { enum: PROVENANCES }

const PROPERTIES = {
  fingerprint_sha256: { type: 'string', pattern: '^[0-9a-f]{64}$' },
  spki_sha256: TEXT_OR_NULL,
  subject: TEXT_OR_NULL,
  issuer: TEXT_OR_NULL,
  serial_number: TEXT_OR_NULL,
  not_before: TIME_OR_NULL,
  not_after: TIME_OR_NULL,
  key_type: TEXT_OR_NULL,
  key_bits: { type: ['integer', 'null'], minimum: 0 },
  key_curve: TEXT_OR_NULL,
  signature_algorithm: TEXT_OR_NULL,
  signature_hash: TEXT_OR_NULL,
  is_ca: { type: ['boolean', 'null'] },
  self_issued: FLAG,
  subject_alt_names: TEXTS,
  other_alt_names: TEXTS,
  malformed: TEXT_OR_NULL,
  path_length: { type: ['integer', 'null'], minimum: 0 },
  /** Null = any use. */
  key_usage: { type: ['array', 'null'], items: TEXT },
  /** Null = any purpose. */
  purposes: { type: ['array', 'null'], items: TEXT },
  sct_count: COUNT,
  policies: TEXTS,
  validation: { enum: ['dv', 'ov', 'iv', 'ev', null] },
  must_staple: FLAG,
  ocsp_addresses: TEXTS,
  crl_addresses: TEXTS,
  roles: { type: 'array', items: ROLE },
  provenance: { type: 'array', items: PROVENANCE },
  position: COUNT,
  endpoints: COUNT,
  servers: {
    type: 'array',
    maxItems: 10,
    items: objectOf({ server_ip: TEXT, server_port: PORT, server_name: TEXT_OR_NULL }),
  },
  flows: COUNT,
  first_seen: TIME,
  last_seen: TIME,
  /** Null and empty where no chain that it leads was judged. */
  anchor: { enum: ['public', 'private', 'none', null] },
  chain: {
    type: 'array',
    items: objectOf({ fingerprint_sha256: TEXT, subject: TEXT, from: { enum: ['sent', 'seen', 'root'] } }),
  },
  /** Null where nothing that was verified speaks of it, too. */
  revocation: { enum: ['good', 'revoked', null] },
  revocation_from: { enum: ['stapled', 'given-list', 'fetched-ocsp', 'fetched-list', null] },
  faults: { type: ['array', 'null'], items: TEXT },
  /** Rules that only warn, as pack/rule. */
  tolerated: TEXTS,
}

interface CertificateRow {
  [column: string]: unknown
  fingerprint_sha256: string
  /** Base64. */
  der: string
  end_s: number
  /** JSON. */
  faults: string | null
  servers: readonly { server_ip: string; server_port: string; server_name: string }[]
}

const CURSOR = [isSeconds, isHash]
const FIRST = [NO_SECONDS, '']

export const certificates: Route = {
  path: '/api/v1/certificates',
  summary: 'Certificates that were presented, those that end first at the beginning',
  demand: VIEWERS,
  query: {
    ...TIME_RANGE,
    expires_before: instant('Those that end before this time, or say no end; RFC 3339 in UTC'),
    role: anyOf(ROLE, 'Who presented it'),
    provenance: anyOf(PROVENANCE, 'How that is known'),
    server_ip: anyOf(IP, 'The address of a server that it was seen at'),
    ...PAGE,
  },
  answers: pageAnswers(objectOf(PROPERTIES)),
  answer: async ({ select }, query, call) => {
    const [after_end_s, after_fingerprint] = readCursor(query, CURSOR) ?? FIRST
    const params = {
      ...timeRange(query),
      ...{ after_end_s, after_fingerprint, limit: rowsToRead(query) },
      expires_before: given(query['expires_before'], END),
      roles: valuesOf(query['role']),
      provenances: valuesOf(query['provenance']),
      server_ips: valuesOf(query['server_ip']),
    }
    const rows = await select<CertificateRow>('certificates', params)
    const keyOf = (row: CertificateRow) => [row.end_s, row.fingerprint_sha256]
    return sendPage(call, query, { rows, keyOf, tell, columns: Object.keys(PROPERTIES) })
  },
}

/** A map of the store's has values of one type. */
const tell = ({ end_s: _, der, servers, faults, ...row }: CertificateRow) => ({
  ...row,
  ...usageOf(readUsage(Buffer.from(der, 'base64'))),
  faults: faults === null ? null : JSON.parse(faults),
  servers: servers.map(({ server_ip, server_port, server_name }) => ({
    server_ip,
    server_port: Number(server_port),
    server_name: server_name === '' ? null : server_name,
  })),
})
