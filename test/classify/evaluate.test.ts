import { describe, expect, it } from 'vitest'
import { compilePolicies } from '../../src/classify/evaluate.ts'
import { loadPolicy } from '../../src/classify/load.ts'
import { checkPolicy, type PolicyPack } from '../../src/classify/policy.ts'
import { FlowFacts, IkeFacts } from '../../src/core/facts.ts'
import type { Visibility } from '../../src/core/verdict.ts'
import {
  certificate,
  DAY_US,
  ike2,
  intermediate,
  NOON,
  plainHttp,
  ssh2,
  tls12,
  tls13,
  undetermined,
  us,
} from './sample.ts'

const literal = loadPolicy('sec09-literal')
const recommended = loadPolicy('sec09-recommended')
const judge = compilePolicies([recommended])
const verdict = (facts: FlowFacts, visibility: Visibility = 'both', hadPayload = true) =>
  judge.judge(facts, NOON, visibility, hadPayload)

const packOf = (...rules: Record<string, unknown>[]): PolicyPack =>
  checkPolicy(
    {
      id: 'house',
      title: 'House rules',
      source: 'ours',
      version: '1',
      asOf: '2026-11-24',
      rules: rules.map((rule, i) => ({
        id: `r${i}`,
        title: 't',
        clause: 'c',
        source: 's',
        severity: 'low',
        outcome: 'fail',
        effective_from: null,
        effective_to: null,
        observable: 'o',
        fix: 'f',
        cite: 'c',
        when: { protection: 'encrypted' },
        ...rule,
      })),
    },
    'house.json',
  )

describe('the verdict', () => {
  it.each([
    { name: 'cleartext is plaintext', facts: plainHttp(), want: 'plaintext' },
    { name: 'a good TLS 1.2 handshake is strong', facts: tls12(), want: 'strong' },
    { name: 'a good TLS 1.3 handshake is strong', facts: tls13(), want: 'strong' },
    {
      name: 'a failing rule of the judging pack makes it weak',
      facts: tls12((tls) => {
        tls.version = 0x0301
      }),
      want: 'weak',
    },
    {
      name: 'a tolerated rule does not',
      facts: tls12((tls) => {
        tls.extendedMasterSecret = false
      }),
      want: 'strong',
    },
    {
      name: 'protected records without a handshake are opaque',
      facts: tls13((_, facts) => {
        facts.protection = 'opaque'
      }),
      want: 'opaque',
    },
    {
      name: 'encrypted without a ServerHello is never strong',
      facts: tls13((tls) => {
        tls.sawServerHello = false
        tls.version = 0
        tls.cipherSuite = -1
        tls.namedGroup = 0
      }),
      want: 'opaque',
    },
    {
      name: 'a ServerHello without a readable suite is never strong',
      facts: tls13((tls) => {
        tls.cipherSuite = -1
      }),
      want: 'opaque',
    },
    {
      name: 'a full TLS 1.2 handshake whose certificates were lost is never strong',
      facts: tls12((tls) => {
        tls.serverCertificates = []
      }),
      want: 'opaque',
    },
    {
      name: 'a resumed TLS 1.2 session shows no certificates and is strong',
      facts: tls12((tls) => {
        tls.serverCertificates = []
        tls.resumed = true
      }),
      want: 'strong',
    },
    {
      name: 'a pre-shared-key suite needs no certificate',
      facts: tls12((tls) => {
        tls.serverCertificates = []
        tls.cipherSuite = 0xd001
      }),
      want: 'strong',
    },
    {
      name: 'a suite that encrypts nothing leaves application data readable: plaintext',
      facts: tls12((tls) => {
        tls.cipherSuite = 0xc010
      }),
      want: 'plaintext',
    },
    {
      name: 'the integrity-only suites of TLS 1.3 too',
      facts: tls13((tls) => {
        tls.cipherSuite = 0xc0b4
      }),
      want: 'plaintext',
    },
    {
      name: 'a suite that encrypts nothing and carried nothing is unknown',
      facts: tls12((tls) => {
        tls.cipherSuite = 0xc010
        tls.established = false
      }),
      want: 'unknown',
    },
    {
      name: 'encryption by something other than TLS is strong: its dissector saw what was chosen',
      facts: encryptedOtherwise(),
      want: 'strong',
    },
    { name: 'nothing seen is unknown', facts: undetermined(), want: 'unknown' },
  ])('$name', ({ facts, want }) => expect(verdict(facts).verdict).toBe(want))

  it('of cleartext names the rule it breaks', () =>
    expect(verdict(plainHttp()).violations).toEqual(['sec09-recommended/cleartext']))

  it('of a NULL suite names that suite', () =>
    expect(
      verdict(
        tls12((tls) => {
          tls.cipherSuite = 0xc010
        }),
      ).violations,
    ).toContain('sec09-recommended/suite-null'))
})

describe('the reason of an unknown', () => {
  const all = (facts: FlowFacts) => {
    facts.capHit = true
    facts.sawTruncation = true
    facts.sawGap = true
    facts.midstream = true
  }
  it.each([
    { want: 'cap_hit', spoil: all, visibility: 'client_only', hadPayload: false },
    {
      want: 'truncated',
      spoil: spoilt('sawTruncation', 'sawGap', 'midstream'),
      visibility: 'client_only',
      hadPayload: false,
    },
    { want: 'gap', spoil: spoilt('sawGap', 'midstream'), visibility: 'server_only', hadPayload: false },
    { want: 'no_payload', spoil: spoilt('midstream'), visibility: 'client_only', hadPayload: false },
    { want: 'midstream', spoil: spoilt('midstream'), visibility: 'client_only', hadPayload: true },
    { want: 'one_sided', spoil: spoilt(), visibility: 'client_only', hadPayload: true },
    { want: 'ambiguous', spoil: spoilt('ambiguous'), visibility: 'both', hadPayload: true },
    { want: 'unrecognised', spoil: spoilt(), visibility: 'both', hadPayload: true },
  ] as const)('is $want, before those below it', ({ want, spoil, visibility, hadPayload }) =>
    expect(verdict(undetermined(spoil), visibility, hadPayload)).toMatchObject({ verdict: 'unknown', reason: want }),
  )

  it('is no_payload when a known protocol ended before its first application data', () =>
    expect(
      verdict(
        undetermined((facts) => {
          facts.appProtocol = 'tls'
        }),
      ).reason,
    ).toBe('no_payload'))

  it('is null for every other verdict, whatever the capture lost', () => {
    const facts = plainHttp((_, flow) => all(flow))
    expect(verdict(facts, 'client_only').reason).toBeNull()
  })
})

describe('several packs', () => {
  const facts = () =>
    tls12((tls) => {
      tls.cipherSuite = 0xc02b
    })

  it('all list their violations, but only the first one judges', () => {
    expect(compilePolicies([recommended, literal]).judge(facts(), NOON, 'both', true)).toMatchObject({
      verdict: 'strong',
      violations: ['sec09-literal/suite-unlisted-tls1.2'],
    })
    expect(compilePolicies([literal, recommended]).judge(facts(), NOON, 'both', true).verdict).toBe('weak')
  })

  it('list in the order of the packs, the worst rule of each first', () => {
    const pack = packOf({ id: 'small', severity: 'low' }, { id: 'huge', severity: 'critical' })
    const other = { ...pack, id: 'other' }
    expect(compilePolicies([other, pack]).judge(tls13(), NOON, 'both', true).violations).toEqual([
      'other/huge',
      'other/small',
      'house/huge',
      'house/small',
    ])
  })
})

describe('dates', () => {
  const dated = packOf({ id: 'dated', effective_from: '2027-03-15', effective_to: '2029-03-14' })
  it.each([
    { day: '2027-03-14', want: 'strong' },
    { day: '2027-03-15', want: 'weak' },
    { day: '2029-03-14', want: 'weak' },
    { day: '2029-03-15', want: 'strong' },
  ])('a rule in force from 2027-03-15 to 2029-03-14 makes it $want on $day', ({ day, want }) =>
    expect(compilePolicies([dated], { policyDate: day }).judge(tls13(), NOON, 'both', true).verdict).toBe(want),
  )

  it('the rules of today hold for packets of the past', () => {
    const old = tls12((tls) => {
      tls.version = 0x0301
      tls.resumed = true
      tls.serverCertificates = []
    })
    expect(judge.judge(old, us('2012-06-01'), 'both', true).verdict).toBe('weak')
  })

  it('a certificate is held against packet time, also when the same chain was judged before', () => {
    const chain = [certificate(), intermediate()]
    const at = (timeUs: number) =>
      judge.judge(
        tls12((tls) => {
          tls.serverCertificates = [...chain]
        }),
        timeUs,
        'both',
        true,
      ).verdict
    expect([at(NOON), at(NOON + 365 * DAY_US), at(NOON), at(NOON - 365 * DAY_US)]).toEqual([
      'strong',
      'weak',
      'strong',
      'weak',
    ])
  })
})

describe('what was not seen', () => {
  it.each([
    { name: 'a group', when: { named_group: { in: ['0x001D'] } } },
    { name: 'the opposite of a group', when: { not: { named_group: { in: ['0x001D'] } } } },
    { name: 'a group off the list', when: { named_group: { not_in: ['0x001D'] } } },
    { name: 'a certificate that is not self-issued', when: { not: { server_certificate: { self_issued: true } } } },
    { name: 'an extension that is missing', when: { encrypt_then_mac: false } },
    { name: 'a secret that is not extended, in TLS 1.3,', when: { extended_master_secret: false } },
    { name: 'the absence of a group without a ServerHello', when: { named_group: { seen: false } } },
  ])('$name does not match', ({ when }) => {
    const facts = tls13((tls) => {
      tls.sawServerHello = false
      tls.namedGroup = 0
    })
    expect(compilePolicies([packOf({ when })]).judge(facts, NOON, 'both', true).violations).toEqual([])
  })
})

describe('remembering', () => {
  it('gives the same object for the same evidence and another for other evidence', () => {
    const first = verdict(tls13())
    expect(verdict(tls13())).toBe(first)
    expect(verdict(tls12())).not.toBe(first)
  })

  it('agrees with a fresh judge over many different flows', () => {
    let seed = 7
    const next = (n: number) => {
      seed = (Math.imul(seed, 1103515245) + 12345) >>> 1
      return seed % n
    }
    const suites = [0xc030, 0xc027, 0x0005, 0xc010, 0x1301, 0x002f, -1, 0xfefe]
    for (let i = 0; i < 400; i++) {
      const facts = tls12((tls, flow) => {
        tls.version = [0, 0x0300, 0x0301, 0x0303, 0x0304][next(5)] ?? 0
        tls.cipherSuite = suites[next(suites.length)] ?? 0
        tls.namedGroup = [0, 19, 23, 29][next(4)] ?? 0
        tls.dhBits = [0, 512, 1024, 2048][next(4)] ?? 0
        tls.secureRenegotiation = next(2) === 0
        tls.heartbeat = next(2) === 0
        tls.compressionMethod = next(2)
        tls.clientCertificate = next(2) === 0 ? 'empty' : 'none'
        tls.serverName = next(2) === 0 ? 'db.example' : 'other.example'
        if (next(2) === 0) tls.serverCertificates = []
        flow.upgrade = next(2) === 0 ? 'starttls' : null
      })
      const time = NOON + next(3) * 100 * DAY_US
      expect(judge.judge(facts, time, 'both', true)).toEqual(
        compilePolicies([recommended]).judge(facts, time, 'both', true),
      )
    }
  })
})

describe('exemptions', () => {
  const exempting = compilePolicies([recommended], {
    exemptions: [
      {
        id: 'old',
        owner: 'ops',
        reason: 'r',
        expires: '2026-11-24',
        servers: ['10.0.0.0/8'],
        ports: [80],
        transports: null,
      },
    ],
  })
  const words = [0, 0, 0xffff, 0x0a010203]
  const endpoint = { serverWord: (n: number) => words[n] as number, serverPort: 80, transport: 'tcp' }

  it('excuse a flow and still list what it breaks', () =>
    expect(exempting.judge(plainHttp(), NOON, 'both', true, endpoint)).toMatchObject({
      verdict: 'exempt',
      violations: ['sec09-recommended/cleartext'],
      reason: null,
    }))

  it('do not excuse the next flow', () =>
    expect(exempting.judge(plainHttp(), NOON, 'both', true, { ...endpoint, serverPort: 81 }).verdict).toBe('plaintext'))
})

describe('what was agreed on outside TLS', () => {
  const judge = compilePolicies([loadPolicy('sec09-recommended')])
  const verdictOf = (facts: FlowFacts) => judge.judge(facts, NOON, 'both', true).verdict

  it('is told apart by every term, however often it was judged before', () => {
    for (let n = 0; n < 2; n++) {
      expect(verdictOf(ssh2())).toBe('strong')
      expect(verdictOf(ssh2((ssh) => Object.assign(ssh, { cipherServer: '3des-cbc' })))).toBe('weak')
      expect(verdictOf(ssh2((ssh) => Object.assign(ssh, { hostKeyBits: 1024 })))).toBe('weak')
      expect(verdictOf(ssh2((ssh) => Object.assign(ssh, { dhBits: 1024 })))).toBe('weak')
      expect(verdictOf(ike2())).toBe('strong')
      expect(verdictOf(ike2((ike) => Object.assign(ike, { group: '1024-bit MODP Group' })))).toBe('weak')
    }
  })

  it('is not what was offered: proposals of old make a strong choice no weaker, and without a choice say nothing', () => {
    const offered = ['ENCR_3DES/AUTH_HMAC_MD5_96/PRF_HMAC_MD5/768-bit MODP Group', 'ENCR_NULL']
    const strong = judge.judge(ike2(), NOON, 'both', true)
    expect(
      judge.judge(
        ike2((ike) => Object.assign(ike, { offered })),
        NOON,
        'both',
        true,
      ),
    ).toBe(strong)
    const alone = undetermined((facts) => {
      facts.appProtocol = 'ike'
      facts.ike = Object.assign(new IkeFacts(), { version: 2, offered })
    })
    expect(judge.judge(alone, NOON, 'client_only', true)).toEqual({
      verdict: 'unknown',
      violations: [],
      tolerated: [],
      reason: 'one_sided',
    })
  })

  it('is bounded, whatever names peers make up', () => {
    for (let n = 0; n < 10_000; n++) verdictOf(ssh2((ssh) => Object.assign(ssh, { kex: `made-up-${n}` })))
    expect(verdictOf(ssh2())).toBe('strong')
  })
})

function encryptedOtherwise(): FlowFacts {
  const facts = new FlowFacts()
  facts.appProtocol = 'ssh'
  facts.protection = 'encrypted'
  return facts
}

function spoilt(...faults: ('sawTruncation' | 'sawGap' | 'midstream' | 'ambiguous')[]) {
  return (facts: FlowFacts) => {
    for (const fault of faults) facts[fault] = true
  }
}
