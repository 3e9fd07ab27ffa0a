/** The language of `when`: every word a rule may use, what it expects and what it asks of a flow. */
import { UPGRADE_STATES } from '../core/facts.ts'
import { type CipherSuite, cipherSuite } from '../registry/cipher-suites.ts'
import { type NamedGroup, namedGroup } from '../registry/named-groups.ts'
import { type Answer, answer, type Condition, every, not, some, UNSEEN } from './answer.ts'
import { type Evidence, FLAG } from './evidence.ts'
import { compileCertificate, compileChain, type PresentedChain } from './when-certificate.ts'
import { IKE_WORDS } from './when-ike.ts'
import { SSH_WORDS } from './when-ssh.ts'
import { aBoolean, aList, aNumber, codes, compileWords, isOneOf, oneOf, texts, type Words } from './words.ts'

/** Compiles a rule's `when`. Throws `ERR_POLICY_INVALID` with the path of the mistake. */
export const compileWhen = (value: unknown, where: string): Condition<Evidence> => compileWords(value, where, WORDS)

const VERSIONS = {
  ssl2: 2,
  ssl3: 0x0300,
  'tls1.0': 0x0301,
  'tls1.1': 0x0302,
  'tls1.2': 0x0303,
  'tls1.3': 0x0304,
} as const
type VersionName = keyof typeof VERSIONS
const VERSION_NAMES = Object.keys(VERSIONS) as VersionName[]
const aVersion = (value: unknown, where: string): number => VERSIONS[oneOf(value, where, VERSION_NAMES)]

const WORDS: Words<Evidence> = {
  ...SSH_WORDS,
  ...IKE_WORDS,

  all: (value, where) => {
    const conditions = aList(value, where).map((entry, i) => compileWhen(entry, `${where}[${i}]`))
    return (evidence) => every(conditions, evidence)
  },
  any: (value, where) => {
    const conditions = aList(value, where).map((entry, i) => compileWhen(entry, `${where}[${i}]`))
    return (evidence) => some(conditions, evidence)
  },
  not: (value, where) => {
    const condition = compileWhen(value, where)
    return (evidence) => not(condition(evidence))
  },

  protection: (value, where) => {
    const wanted = oneOf(value, where, ['cleartext', 'encrypted', 'opaque', 'undetermined'])
    return (evidence) => answer(evidence.protection === wanted)
  },
  app_protocol: (value, where) => isOneOf((evidence) => evidence.appProtocol, texts(value, where)),
  upgrade: (value, where) => isOneOf((evidence) => evidence.upgrade, texts(value, where)),
  upgrade_state: (value, where) => {
    const wanted = texts(value, where).map((word, i) => oneOf(word, `${where}[${i}]`, UPGRADE_STATES))
    return isOneOf((evidence) => evidence.upgradeState, wanted)
  },
  protocol_version: (value, where) => isOneOf((evidence) => evidence.protocolVersion, texts(value, where)),
  protocol_security: (value, where) => isOneOf((evidence) => evidence.protocolSecurity, texts(value, where)),
  credentials_exposed: (value, where) => flag(FLAG.credentialsExposed, 0, aBoolean(value, where)),
  cookies_without_secure: (value, where) => flag(FLAG.cookiesWithoutSecure, FLAG.http, aBoolean(value, where)),
  cookies_without_http_only: (value, where) => flag(FLAG.cookiesWithoutHttpOnly, FLAG.http, aBoolean(value, where)),
  cookies_without_same_site: (value, where) => flag(FLAG.cookiesWithoutSameSite, FLAG.http, aBoolean(value, where)),

  tls_version: (value, where) => compileVersion((evidence) => evidence.version, value, where),
  tls_draft: (value, where) => {
    const wanted = aBoolean(value, where)
    return (evidence) => (evidence.version === 0 ? UNSEEN : answer((evidence.draft === 1) === wanted))
  },
  offered_version: (value, where) => compileVersion((evidence) => evidence.offeredVersion, value, where),
  cipher_suite: (value, where) => {
    const condition = compileWords(value, where, SUITE_WORDS)
    return ({ cipherSuite: code }) => (code < 0 ? UNSEEN : condition({ code, suite: cipherSuite(code) }))
  },
  named_group: (value, where) => {
    const condition = compileWords(value, where, GROUP_WORDS)
    return ({ namedGroup: code, flags }) => condition({ code, group: code === 0 ? null : namedGroup(code), flags })
  },
  dh_bits_lt: (value, where) => {
    const limit = aNumber(value, where)
    return ({ dhBits }) => (dhBits === 0 ? UNSEEN : answer(dhBits < limit))
  },
  server_certificate: (value, where) => onChain(compileCertificate(value, where), servers),
  server_chain: (value, where) => onChain(compileChain(value, where), servers),
  client_certificate: (value, where) => onChain(compileCertificate(value, where), clients),
  client_authentication: (value, where) => {
    const wanted = oneOf(value, where, ['none', 'requested', 'empty', 'presented'])
    return ({ clientCertificate: seen }) => (seen === 'unobservable' ? UNSEEN : answer(seen === wanted))
  },
  name_mismatch: (value, where) => flag(FLAG.nameMismatch, FLAG.nameComparable, aBoolean(value, where)),

  compression: (value, where) => {
    const wanted = aBoolean(value, where)
    return ({ compressionMethod: seen }) => (seen < 0 ? UNSEEN : answer((seen !== 0) === wanted))
  },
  secure_renegotiation: (value, where) => flag(FLAG.secureRenegotiation, FLAG.serverHello, aBoolean(value, where)),
  extended_master_secret: (value, where) =>
    flag(FLAG.extendedMasterSecret, FLAG.masterSecretSeen, aBoolean(value, where)),
  encrypt_then_mac: (value, where) => flag(FLAG.encryptThenMac, FLAG.serverHello, aBoolean(value, where)),
  heartbeat: (value, where) => flag(FLAG.heartbeat, FLAG.serverHello, aBoolean(value, where)),
  resumed: (value, where) => flag(FLAG.resumed, FLAG.serverHello, aBoolean(value, where)),
  hello_retry: (value, where) => flag(FLAG.helloRetry, FLAG.serverHello, aBoolean(value, where)),
  ocsp_staple: (value, where) => flag(FLAG.ocspStaple, FLAG.serverHello, aBoolean(value, where)),
  ocsp_staple_asked: (value, where) => flag(FLAG.stapleAsked, FLAG.clientHello, aBoolean(value, where)),
  ocsp_staple_stale: (value, where) => flag(FLAG.stapleStale, FLAG.stapleDated, aBoolean(value, where)),
  renegotiation: (value, where) => flag(FLAG.renegotiation, FLAG.tls, aBoolean(value, where)),
  early_data: (value, where) => flag(FLAG.earlyData, FLAG.tls, aBoolean(value, where)),
  established: (value, where) => flag(FLAG.established, FLAG.tls, aBoolean(value, where)),
  downgrade_sentinel: (value, where) => {
    const wanted = oneOf(value, where, ['tls12', 'tls11'])
    return flag(wanted === 'tls12' ? FLAG.sentinelTls12 : FLAG.sentinelTls11, FLAG.serverHello, true)
  },
}

interface SeenSuite {
  readonly code: number
  /** Null = no standard names this code point. */
  readonly suite: CipherSuite | null
}

const SUITE_WORDS: Words<SeenSuite> = {
  in: (value, where) => {
    const listed = codes(value, where)
    return ({ code }) => answer(listed.has(code))
  },
  not_in: (value, where) => {
    const listed = codes(value, where)
    return ({ code }) => answer(!listed.has(code))
  },
  registered: (value, where) => {
    const wanted = aBoolean(value, where)
    return ({ suite }) => answer((suite !== null) === wanted)
  },
  name_contains: (value, where) => {
    const parts = texts(value, where)
    return bySuite((suite) => parts.some((part) => suite.name.includes(part)))
  },
  kx: (value, where) => isOneOf(({ suite }) => suite?.kx ?? null, texts(value, where)),
  auth: (value, where) => isOneOf(({ suite }) => suite?.auth ?? null, texts(value, where)),
  enc: (value, where) => isOneOf(({ suite }) => suite?.enc ?? null, texts(value, where)),
  mac: (value, where) => isOneOf(({ suite }) => suite?.mac ?? null, texts(value, where)),
  recommended: (value, where) => isOneOf(({ suite }) => suite?.recommended ?? null, texts(value, where)),
  bits_lt: (value, where) => {
    const limit = aNumber(value, where)
    return bySuite((suite) => suite.bits < limit)
  },
  aead: (value, where) => {
    const wanted = aBoolean(value, where)
    return bySuite((suite) => suite.aead === wanted)
  },
  forward_secrecy: (value, where) => {
    const wanted = aBoolean(value, where)
    return bySuite((suite) => suite.forwardSecrecy === wanted)
  },
  export: (value, where) => {
    const wanted = aBoolean(value, where)
    return bySuite((suite) => suite.export === wanted)
  },
}

interface SeenGroup {
  /** 0 = not seen, or not used. */
  readonly code: number
  readonly group: NamedGroup | null
  readonly flags: number
}

const GROUP_WORDS: Words<SeenGroup> = {
  in: (value, where) => {
    const listed = codes(value, where)
    return ({ code }) => (code === 0 ? UNSEEN : answer(listed.has(code)))
  },
  not_in: (value, where) => {
    const listed = codes(value, where)
    return ({ code }) => (code === 0 ? UNSEEN : answer(!listed.has(code)))
  },
  // The one word that asks whether there was a group at all; a ServerHello must have been seen to say that none was.
  seen: (value, where) => {
    const wanted = aBoolean(value, where)
    return ({ code, flags }) => ((flags & FLAG.serverHello) === 0 ? UNSEEN : answer((code !== 0) === wanted))
  },
  kind: (value, where) => isOneOf(({ group }) => group?.kind ?? null, texts(value, where)),
  bits_lt: (value, where) => {
    const limit = aNumber(value, where)
    return byGroup((group) => group.bits < limit)
  },
  security_bits_lt: (value, where) => {
    const limit = aNumber(value, where)
    return byGroup((group) => group.securityBits < limit)
  },
  post_quantum: (value, where) => {
    const wanted = aBoolean(value, where)
    return byGroup((group) => group.postQuantum === wanted)
  },
  draft: (value, where) => {
    const wanted = aBoolean(value, where)
    return byGroup((group) => group.draft === wanted)
  },
}

const bySuite =
  (holds: (suite: CipherSuite) => boolean): Condition<SeenSuite> =>
  ({ suite }) =>
    suite === null ? UNSEEN : answer(holds(suite))

const byGroup =
  (holds: (group: NamedGroup) => boolean): Condition<SeenGroup> =>
  ({ group }) =>
    group === null ? UNSEEN : answer(holds(group))

function compileVersion(pick: (evidence: Evidence) => number, value: unknown, where: string): Condition<Evidence> {
  const condition = compileWords(value, where, VERSION_WORDS)
  return (evidence) => {
    const version = pick(evidence)
    return version === 0 ? UNSEEN : condition(version)
  }
}

const VERSION_WORDS: Words<number> = {
  eq: (value, where) => {
    const wanted = aVersion(value, where)
    return (version) => answer(version === wanted)
  },
  lt: (value, where) => {
    const limit = aVersion(value, where)
    return (version) => answer(version < limit)
  },
  gte: (value, where) => {
    const limit = aVersion(value, where)
    return (version) => answer(version >= limit)
  },
  in: (value, where) => {
    const listed = new Set(aList(value, where).map((entry, i) => aVersion(entry, `${where}[${i}]`)))
    return (version) => answer(listed.has(version))
  },
}

/** A yes/no fact. `known` is the bit that says the fact could be seen at all; 0 = it always can. */
function flag(bit: number, known: number, wanted: boolean): Condition<Evidence> {
  return ({ flags }): Answer => {
    if ((flags & known) !== known) return UNSEEN
    return answer(((flags & bit) !== 0) === wanted)
  }
}

const servers = ({ serverChain, timeUs }: Evidence): PresentedChain => ({ chain: serverChain, timeUs })
const clients = ({ clientChain, timeUs }: Evidence): PresentedChain => ({ chain: clientChain, timeUs })

function onChain(
  condition: Condition<PresentedChain>,
  pick: (evidence: Evidence) => PresentedChain,
): Condition<Evidence> {
  return (evidence) => condition(pick(evidence))
}
