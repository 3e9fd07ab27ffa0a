/** NIST's post-quantum signature algorithms: one object identifier stands for the key and for the signature. */

const NIST_SIGNATURES = '2.16.840.1.101.3.4.3'
/** RFC 9881 §2 and RFC 9909 §3, in the order of their last arcs from 17. */
const NAMES = [
  'ml-dsa-44',
  'ml-dsa-65',
  'ml-dsa-87',
  'slh-dsa-sha2-128s',
  'slh-dsa-sha2-128f',
  'slh-dsa-sha2-192s',
  'slh-dsa-sha2-192f',
  'slh-dsa-sha2-256s',
  'slh-dsa-sha2-256f',
  'slh-dsa-shake-128s',
  'slh-dsa-shake-128f',
  'slh-dsa-shake-192s',
  'slh-dsa-shake-192f',
  'slh-dsa-shake-256s',
  'slh-dsa-shake-256f',
]

/** Names by object identifier. */
export const PQ_SIGNATURES: readonly (readonly [oid: string, name: string])[] = NAMES.map(
  (name, i) => [`${NIST_SIGNATURES}.${17 + i}`, name] as const,
)
