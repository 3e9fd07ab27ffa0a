import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type ClientOffer, FlowFacts, HttpFacts, type TlsFacts } from '../../src/core/facts.ts'
import { UNKNOWN_REASONS, VERDICTS } from '../../src/core/verdict.ts'
import { ROW_WORDS } from '../../src/flow/flow-table.ts'
import type { Judged } from '../../src/record/fragments.ts'
import { LineBuffer } from '../../src/record/line-buffer.ts'
import { RowWriter } from '../../src/record/row.ts'
import { certificate, ike2, offer, plainHttp, ssh2, tls12, undetermined } from '../classify/sample.ts'

const STRONG: Judged = { verdict: 'strong', violations: [], reason: null }
const FLOWS = 64

/** A writer with rows of its own. */
class Rows {
  readonly writer = new RowWriter()
  readonly #row = new Int32Array(FLOWS * ROW_WORDS)
  readonly #out = new LineBuffer(16)

  settle(flow: number, facts: FlowFacts | null, judged: Judged = STRONG): this {
    this.writer.settle(this.#row, flow, facts, judged)
    return this
  }

  release(flow: number): this {
    this.writer.release(this.#row, flow)
    return this
  }

  text(flow: number): string {
    this.#out.clear()
    this.writer.write(this.#out, this.#row, flow)
    return this.#out.bytes.toString('latin1', 0, this.#out.end)
  }
}

const members = (facts: FlowFacts | null, judged: Judged = STRONG): Record<string, unknown> =>
  JSON.parse(`{"first":0${new Rows().settle(0, facts, judged).text(0)}}`)

const withTls = (change: (tls: TlsFacts, facts: FlowFacts) => void): Record<string, unknown> => members(tls12(change))

describe('the members of a settled flow', () => {
  it('of TLS say what was agreed', () => {
    const record = withTls((tls) => {
      tls.alpn = 'h2'
      tls.ja3s = 'ab'.repeat(16)
      tls.handshakeUs = 1234
      tls.offer = { ...offer([0x0303]), alpn: ['h2', 'http/1.1'], signatureSchemes: [0x0403], ja3: 'cd', ja4: 'ef' }
    })
    expect(record).toEqual({
      first: 0,
      offered_versions: [0x0303],
      offered_cipher_suites: [0x1301],
      offered_groups: [29],
      offered_signature_schemes: [0x0403],
      offered_alpn: ['h2', 'http/1.1'],
      ja3: 'cd',
      ja4: 'ef',
      server_name: 'db.example',
      tls_version: 0x0303,
      tls_version_name: 'TLS 1.2',
      cipher_suite: 0xc030,
      cipher_suite_name: 'TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384',
      named_group: 29,
      named_group_name: 'x25519',
      alpn: 'h2',
      ja3s: 'ab'.repeat(16),
      hello_retry: false,
      resumed: false,
      client_certificate: 'none',
      extended_master_secret: true,
      server_certificates: ['aa'.repeat(32), 'aa'.repeat(32)],
      app_protocol: 'tls',
      verdict: 'strong',
      handshake_us: 1234,
    })
  })

  it.each([
    {
      name: 'a suite of SSL 2.0',
      change: { version: 2, cipherSuite: 0x010080 },
      want: { cipher_suite: 0x010080, cipher_suite_name: 'SSL_CK_RC4_128_WITH_MD5' },
    },
    { name: 'a suite nobody knows', change: { cipherSuite: 0xdada }, want: { cipher_suite_name: expect.any(String) } },
    {
      name: 'suite 0',
      change: { cipherSuite: 0 },
      want: { cipher_suite: 0, cipher_suite_name: 'TLS_NULL_WITH_NULL_NULL' },
    },
    { name: 'the size of a prime', change: { dhBits: 1024 }, want: { dh_bits: 1024 } },
    { name: 'a retry', change: { helloRetry: true }, want: { hello_retry: true } },
    { name: 'a resumption', change: { resumed: true }, want: { resumed: true } },
    { name: 'early data', change: { earlyData: true }, want: { early_data: true } },
    { name: 'ECH', change: { ech: 'rejected' as const }, want: { ech: 'rejected' } },
    { name: 'a downgrade', change: { downgradeSentinel: 'tls11' as const }, want: { downgrade_sentinel: 'tls11' } },
    { name: 'a stapled response', change: { ocspStaple: true }, want: { ocsp_staple: true } },
    { name: 'compression', change: { compressionMethod: 1 }, want: { compression_method: 1 } },
    { name: 'a renegotiation', change: { renegotiation: true }, want: { renegotiation: true } },
    {
      name: 'keys that are not bound',
      change: { extendedMasterSecret: false },
      want: { extended_master_secret: false },
    },
    { name: 'alerts', change: { alerts: ['server:fatal:40'] }, want: { alerts: ['server:fatal:40'] } },
    {
      name: 'a chain of the client',
      change: { clientCertificates: [certificate()], clientCertificate: 'presented' as const },
      want: { client_certificates: ['aa'.repeat(32)], client_certificate: 'presented' },
    },
  ])('tell $name', ({ change, want }) => {
    expect(withTls((tls) => void Object.assign(tls, change))).toMatchObject(want)
  })

  it('leave out what was not seen', () => {
    const facts = new FlowFacts()
    facts.appProtocol = 'tls'
    facts.openTls()
    expect(members(facts)).toEqual({ first: 0, app_protocol: 'tls', verdict: 'strong' })
    expect(members(null, { verdict: 'unknown', violations: [], reason: 'no_payload' })).toEqual({
      first: 0,
      verdict: 'unknown',
      reason: 'no_payload',
    })
  })

  it('of HTTP say what crossed in the clear', () => {
    const record = members(
      plainHttp((http, facts) => {
        Object.assign(http, { method: 'GET', host: 'a.example', status: 301, redirectsToHttps: true, hsts: true })
        Object.assign(http, {
          cookiesSet: 4,
          cookiesWithoutSecure: 1,
          cookiesWithoutHttpOnly: 3,
          cookiesWithoutSameSite: 2,
        })
        facts.credentialsExposed = ['http-basic', 'http-cookie']
        facts.upgrade = 'connect'
      }),
      { verdict: 'plaintext', violations: ['p/a', 'p/b'], reason: null },
    )
    expect(record).toEqual({
      first: 0,
      http_method: 'GET',
      http_host: 'a.example',
      http_status: 301,
      http_redirects_to_https: true,
      http_hsts: true,
      http_cookies_set: 4,
      http_cookies_insecure: 3,
      app_protocol: 'http',
      upgrade: 'connect',
      credentials_exposed: ['http-basic', 'http-cookie'],
      verdict: 'plaintext',
      violations: ['p/a', 'p/b'],
    })
    expect(members(plainHttp())).toEqual({ first: 0, app_protocol: 'http', verdict: 'strong' })
  })

  it('hold any name as it was sent, in ASCII', () => {
    const name = fc.string({ unit: 'binary', maxLength: 40 })
    const property = fc.property(name, name, name, name, (serverName, alpn, host, upgrade) => {
      const facts = tls12((tls, flow) => {
        tls.serverName = serverName
        tls.alpn = alpn
        tls.offer = { ...offer([0x0303]), alpn: [alpn, host] }
        flow.upgrade = upgrade
        flow.http = new HttpFacts()
        flow.http.host = host
        flow.http.method = alpn
      })
      const text = new Rows().settle(0, facts).text(0)
      // Nothing that ends a line or steers a terminal.
      expect(text).toMatch(/^[\x20-\x7e]*$/)
      expect(JSON.parse(`{"first":0${text}}`)).toMatchObject({
        server_name: serverName,
        alpn,
        offered_alpn: [alpn, host],
        upgrade,
        http_host: host,
        http_method: alpn,
      })
    })
    fc.assert(property, { numRuns: 1000, seed: 1 })
  })

  it.each([
    { name: 'up to what a word holds', handshakeUs: 2 ** 40, want: 2 ** 31 - 1 },
    { name: 'unless it was not measured', handshakeUs: 0, want: undefined },
  ])('hold a duration $name', ({ handshakeUs, want }) => {
    expect(withTls((tls) => void Object.assign(tls, { handshakeUs }))['handshake_us']).toBe(want)
  })
})

const LEAF = certificate()
const other = (n: number) => certificate({ fingerprint: `${n}` })
const PLAIN_OFFER = offer([0x0303])

/** What differs from flow to flow in one kind of piece. */
const KINDS: { name: string; tls?: (n: number) => Partial<TlsFacts>; host?: boolean; judged?: boolean }[] = [
  { name: 'server names', tls: (n) => ({ serverName: `s${n}.example` }) },
  { name: 'offers', tls: (n) => ({ offer: { ...PLAIN_OFFER, ja3: `${n}` } }) },
  { name: 'agreements', tls: (n) => ({ ja3s: `${n}` }) },
  { name: 'chains', tls: (n) => ({ serverCertificates: [other(n)] }) },
  { name: 'chains of one leaf', tls: (n) => ({ serverCertificates: [LEAF, other(n)] }) },
  { name: 'chains of clients', tls: (n) => ({ clientCertificates: [other(n)] }) },
  { name: 'alerts', tls: (n) => ({ alerts: [`client:fatal:${n}`] }) },
  { name: 'the last one of three alerts', tls: (n) => ({ alerts: ['a', 'b', `${n % 40}`] }) },
  { name: 'hosts', host: true },
  { name: 'judgements', judged: true },
]

function varied({ tls, host, judged }: (typeof KINDS)[number]): (n: number) => readonly [FlowFacts, Judged] {
  const facts = tls12()
  return (n) => {
    if (tls !== undefined) Object.assign(facts.tls ?? {}, tls(n))
    if (host === true) facts.http = Object.assign(new HttpFacts(), { host: `h${n}.example` })
    return [facts, judged === true ? { verdict: 'weak', violations: [`p/${n}`], reason: null } : STRONG]
  }
}

describe('pieces of text', () => {
  /** Enough to fill every cache of a writer, and what is kept for reuse. */
  const MANY = 150_000

  it.each(KINDS)('of ever new $name are let go with their flows, and never take the place of a held one', (kind) => {
    const make = varied(kind)
    const rows = new Rows().settle(0, ...make(-1))
    const held = rows.text(0)
    for (let n = 0; n < MANY; n++) {
      const flow = 1 + (n % (FLOWS - 1))
      // A flow that lasts is settled again and again.
      rows.settle(flow, ...make(n))
      if (n % 1000 === 0) expect(rows.text(flow)).toBe(new Rows().settle(flow, ...make(n)).text(flow))
      if (n % 3 === 0) rows.release(flow)
    }
    expect(rows.text(0)).toBe(held)
    for (let flow = 0; flow < FLOWS; flow++) rows.release(flow)
    expect(rows.writer.pool.size).toBeLessThan(MANY * 0.8)
  })

  it('a released row is empty', () => {
    const rows = new Rows().settle(3, tls12())
    expect(rows.release(3).text(3)).toBe('')
    expect(rows.release(3).text(3)).toBe('')
  })

  it('are as a writer that knows nothing else would write them', () => {
    const rows = new Rows()
    const wanted = new Map<number, string>()
    const action = fc.record({
      flow: fc.nat({ max: FLOWS - 1 }),
      drop: fc.boolean(),
      facts: someFacts(),
      judged: someJudgement(),
    })
    const property = fc.property(fc.array(action, { maxLength: 60 }), (actions) => {
      for (const { flow, drop, facts, judged } of actions) {
        if (drop) {
          rows.release(flow)
          wanted.set(flow, '')
        } else {
          rows.settle(flow, facts, judged)
          wanted.set(flow, new Rows().settle(flow, facts, judged).text(flow))
        }
      }
      for (const [flow, text] of wanted) expect(rows.text(flow)).toBe(text)
    })
    fc.assert(property, { numRuns: 300, seed: 3 })
  })
})

const OFFERS: ClientOffer[] = Array.from({ length: 5 }, (_, n) => ({
  ...offer([0x0304, 0x0303].slice(0, 1 + (n & 1))),
  ja3: n < 2 ? '' : `ja3-${n & 1}`,
  alpn: n > 3 ? ['h2'] : [],
}))
const CHAINS = [[], [LEAF], [LEAF, certificate({ fingerprint: 'bb' })], [LEAF, certificate({ fingerprint: 'cc' })]]

/** From a few values each, so that flows share some pieces and not others. */
function someFacts(): fc.Arbitrary<FlowFacts | null> {
  const tls = fc.record({
    offer: fc.constantFrom(null, ...OFFERS),
    serverName: fc.constantFrom(null, 'a.example', 'b.example', 'ü'),
    version: fc.constantFrom(0, 2, 0x0303, 0x0304),
    cipherSuite: fc.constantFrom(-1, 0x1301, 0xc02f),
    namedGroup: fc.constantFrom(0, 29),
    dhBits: fc.constantFrom(0, 1024),
    alpn: fc.constantFrom(null, 'h2', '"'),
    ja3s: fc.constantFrom(null, 'abc', 'abd'),
    compressionMethod: fc.constantFrom(0, 1),
    helloRetry: fc.boolean(),
    resumed: fc.boolean(),
    earlyData: fc.boolean(),
    ocspStaple: fc.boolean(),
    renegotiation: fc.boolean(),
    extendedMasterSecret: fc.constantFrom(null, false, true),
    sawServerHello: fc.boolean(),
    ech: fc.constantFrom(null, 'rejected' as const, 'grease_or_offered' as const),
    downgradeSentinel: fc.constantFrom(null, 'tls11' as const, 'tls12' as const),
    clientCertificate: fc.constantFrom('none' as const, 'unobservable' as const),
    serverCertificates: fc.constantFrom(...CHAINS),
    clientCertificates: fc.constantFrom(...CHAINS),
    alerts: fc.constantFrom([], ['server:fatal:40']),
    handshakeUs: fc.constantFrom(0, 17),
  })
  return fc.oneof(
    fc.constant(null),
    tls.map((values) => tls12((facts) => void Object.assign(facts, values))),
    changed(HTTP_CHANGES).map((values) => plainHttp((http) => void Object.assign(http, values))),
    changed(FLOW_CHANGES).map((values) => plainHttp((_, facts) => void Object.assign(facts, values))),
    changed(FLOW_CHANGES).map((values) => undetermined((facts) => void Object.assign(facts, values))),
    fc.constantFrom(1, 2).map((version) => ssh2((ssh) => void Object.assign(ssh, { version }))),
    fc.constantFrom(1, 2).map((version) => ike2((ike) => void Object.assign(ike, { version }))),
  )
}

const HTTP_CHANGES = {
  method: 'PUT',
  host: 'other.example',
  service: 'prometheus',
  status: 301,
  redirectsToHttps: true,
  hsts: true,
  cookiesSet: 3,
  cookiesWithoutSecure: 1,
  cookiesWithoutHttpOnly: 2,
  cookiesWithoutSameSite: 3,
} satisfies Partial<HttpFacts>

const FLOW_CHANGES = {
  appProtocol: 'smtp',
  upgrade: 'starttls',
  upgradeState: 'refused',
  protocolVersion: '3.1.1',
  protocolSecurity: 'signed',
  authMechanisms: ['sasl-plain'],
  authOutcome: 'success',
  payloadKind: 'random',
  quicVersion: 1,
  credentialsExposed: ['http-basic'],
  oddities: ['client_hello_in_records'],
} satisfies Partial<FlowFacts>

/** One or two of these, and nothing else: whoever takes what differs in a single value for the same is found out. */
const changed = (changes: Record<string, unknown>): fc.Arbitrary<Record<string, unknown>> =>
  fc
    .subarray(Object.entries(changes), { maxLength: 2 })
    .map((entries) => Object.fromEntries(entries.map(([key, value]) => [key, structuredClone(value)])))

/** As the judge hands them out: the same object for all that are judged alike. */
const JUDGEMENTS: Judged[] = VERDICTS.flatMap((verdict) =>
  [[], ['p/a'], ['p/a', 'p/b']].flatMap((violations) =>
    [null, ...UNKNOWN_REASONS].map((reason) => ({ verdict, violations, reason })),
  ),
)

const someJudgement = (): fc.Arbitrary<Judged> => fc.oneof(fc.constant(STRONG), fc.constantFrom(...JUDGEMENTS))
