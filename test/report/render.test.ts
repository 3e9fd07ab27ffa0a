import { stripVTControlCharacters } from 'node:util'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { SEVERITIES } from '../../src/classify/policy.ts'
import { UNKNOWN_REASONS } from '../../src/core/verdict.ts'
import { sentence } from '../../src/report/coverage.ts'
import { type ReportOptions, renderReport } from '../../src/report/index.ts'
import type { Report, SensorHealth, Service } from '../../src/report/read-report.ts'
import { bySeverity, explainReason, faults, ruleBook } from '../../src/report/words.ts'
import { coverageOf, healthOf, reportOf } from './made-report.ts'

const RULES = ruleBook([])

const render = (report: Report, options: Partial<ReportOptions> = {}): string =>
  renderReport(report, RULES, { colour: false, ...options })

const CLEARTEXT = 'sec09-recommended/cleartext'
const RC4 = 'sec09-recommended/suite-rc4'

const service = (more: Partial<Service> = {}): Service => ({
  server_ip: '10.0.1.1',
  server_port: 80,
  app_protocol: 'http',
  server_name: null,
  http_host: null,
  flows: 1,
  bytes: 1,
  clients: 1,
  credentials: [],
  violations: [CLEARTEXT],
  ...more,
})

describe('the headline', () => {
  it.each([
    {
      name: 'all kinds',
      counts: { plaintext: 1, weak: 1, strong: 2, unknown: 1, exempt: 4 },
      text:
        '75.0 % of the flows that can be judged are encrypted; between 60.0 % and 80.0 % counting the 1 flow that ' +
        'could not be judged, as plaintext or as encrypted. To fix: 1 flow in the clear, 1 encrypted weakly.',
    },
    {
      name: 'nothing unknown',
      counts: { weak: 2, strong: 2 },
      text:
        '100.0 % of the flows that can be judged are encrypted; nothing was left unjudged. To fix: 2 flows encrypted ' +
        'weakly.',
    },
    {
      name: 'all well',
      counts: { strong: 2 },
      text:
        '100.0 % of the flows that can be judged are encrypted; nothing was left unjudged. No judged flow is in the ' +
        'clear or weak.',
    },
    {
      name: 'all unknown',
      counts: { unknown: 1200 },
      text: 'Nothing can be judged: of 1,200 flows not enough was seen.',
    },
    {
      name: 'too few unknown to matter',
      counts: { plaintext: 500, strong: 500_000, unknown: 2 },
      text:
        '99.9 % of the flows that can be judged are encrypted; 99.9 % also counting the 2 flows that could not be ' +
        'judged. To fix: 500 flows in the clear.',
    },
    {
      name: 'some lost',
      counts: { plaintext: 1, strong: 3, lost: 1.5 },
      text:
        '75.0 % of the flows that can be judged are encrypted; between 54.5 % and 81.8 % counting about 2 flows lost ' +
        'with dropped frames, as plaintext or as encrypted. To fix: 1 flow in the clear.',
    },
    {
      name: 'some lost and some unknown',
      counts: { strong: 3, unknown: 1, lost: 0.001 },
      text:
        '100.0 % of the flows that can be judged are encrypted; between 75.0 % and 100.0 % counting the 1 flow that ' +
        'could not be judged and about 1 flow lost with dropped frames, as plaintext or as encrypted. No judged flow ' +
        'is in the clear or weak.',
    },
    {
      name: 'all that may be lost',
      counts: { strong: 3, lost: null },
      text:
        '100.0 % of the flows that can be judged are encrypted; between 0.0 % and 100.0 % counting all that may have ' +
        'been lost, as plaintext or as encrypted. No judged flow is in the clear or weak.',
    },
    {
      name: 'nothing, by a blind sensor',
      counts: { lost: null },
      text: 'Nothing can be judged: nothing was seen, and all may have been lost.',
    },
    {
      name: 'unknown and lost ones alone',
      counts: { unknown: 2, lost: 3.2 },
      text: 'Nothing can be judged: of 2 flows not enough was seen, and about 3 flows were lost.',
    },
    { name: 'none', counts: {}, text: 'Nothing can be judged: nothing was seen.' },
    { name: 'all exempt', counts: { exempt: 3 }, text: 'Nothing can be judged: every flow is exempt.' },
  ])('of $name', ({ counts, text }) => expect(sentence(coverageOf('flows', counts))).toBe(text))
})

describe('coverage', () => {
  it('has low, point and high for each unit, and a bar', () => {
    const text = render(reportOf({ plaintext: 1, weak: 1, strong: 2, unknown: 1 }))
    expect(text).toContain('by flows      60.0 %    75.0 %    80.0 %  ██████████████████████▒▒▒▒▒▒▒▒░░░░░░░░\n')
    expect(text.match(/^by (flows|bytes|edges) /gm)).toHaveLength(3)
  })

  it('says what was lost of each unit', () => {
    const report = reportOf({ strong: 4 })
    const lost = [12.4, 3_400_000.7, 0.2]
    const text = render({ ...report, coverage: report.coverage.map((unit, i) => ({ ...unit, lost: lost[i] ?? 0 })) })
    expect(text.replace(/\s+/g, ' ')).toContain(
      'Frames were dropped, and with them about 12 flows, about 3.40 MB, about 1 edge: they may be either.',
    )
    expect(render(report)).not.toContain('dropped')
  })

  it('says of what nothing is known', () => {
    const text = render(reportOf({ strong: 4, lost: null }))
    expect(text).toContain('\nNothing is known of flows, bytes, edges: all may have been lost.\n')
    expect(text).toMatch(/^by flows {7}0\.0 % {3}100\.0 % {3}100\.0 % {2}▒+$/m)
  })

  it('without anything to divide by is a dash, never 0 % or 100 %', () => {
    const lines = render(reportOf({ exempt: 2 })).split('\n')
    for (const line of lines.filter((one) => one.startsWith('by '))) {
      expect(line).toMatch(/^by \w+ +– +– +– {2}·+$/)
    }
    expect(lines).toContain('What is exempt counts in none of these figures.')
  })
})

it('an empty store has no figures at all', () => {
  expect(render(reportOf({}))).toBe('No flows: the store is empty, and there is nothing to report.\n')
})

it('every verdict has a line with what it means, in thousands and SI bytes', () => {
  const lines = render(reportOf({ plaintext: 1000, weak: 1, strong: 1_234_567, opaque: 2, unknown: 3, exempt: 4 }))
  expect(lines).toMatch(/^strong {5}encrypted, no rule fails +1,234,567 +99\.9 % +1\.23 MB +1,234,567$/m)
  expect(lines).toMatch(/^plaintext {2}data in the clear +1,000 +0\.1 % +1\.00 kB +1,000$/m)
  expect(lines).toMatch(/^unknown {4}not enough was seen +3 +<0\.1 % +3 B +3$/m)
})

describe('what was negotiated', () => {
  const suites = Array.from({ length: 11 }, (_, i) => ({
    cipher_suite: 0xff00 + i,
    name: i === 0 ? null : `SUITE_${i}`,
    flows: 11 - i,
    bytes: 1,
  }))

  it('is shown as far as the most used, and the rest is counted', () => {
    const text = render(reportOf({ strong: 66 }, { cipher_suites: suites }))
    expect(text).toMatch(/^0xff00 +11 +16\.7 % +1 B$/m)
    expect(text).toContain('SUITE_7')
    expect(text).not.toContain('SUITE_8')
    expect(text).toContain('… and 3 more: --format json lists them\n')
  })

  it('says how much of the key exchange is post-quantum, where groups were seen', () => {
    const named_groups = [{ named_group: 29, name: 'x25519', flows: 3, bytes: 9 }]
    const text = render(reportOf({ strong: 4 }, { named_groups, post_quantum: { flows: 1, of_flows: 4 } }))
    expect(text).toContain('Post-quantum key exchange: 1 of 4 flows (25.0 %).\n')
    expect(render(reportOf({ strong: 4 }))).not.toContain('Post-quantum')
  })
})

describe('findings', () => {
  it('tell a rule by its title, and once how to fix it', () => {
    const report = reportOf(
      { plaintext: 1 },
      {
        plaintext_services: [service({ credentials: ['http-basic'], http_host: 'shop.example' })],
        rules: [{ violation: CLEARTEXT, flows: 1, endpoints: 1, severity: null, title: null, fix: null }],
      },
    )
    const text = render(report)
    expect(text).toContain('plaintext  10.0.1.1:80  http  shop.example\n  1 flow of 1 client, 1 B\n')
    expect(text).toContain('  credentials exposed: http-basic\n')
    expect(text).toContain('  - Application data crosses the network unencrypted\n')
    expect(text).toContain('critical  Application data crosses the network unencrypted\n')
    expect(text).toContain(`1 flow, 1 endpoint, rule ${CLEARTEXT}\n          Fix: Service owner: turn TLS on`)
  })

  it('leave a rule of an unknown pack its name', () => {
    const rules = [{ violation: 'mine/rule', flows: 1, endpoints: 1, severity: null, title: null, fix: null }]
    const text = render(
      reportOf({ plaintext: 1 }, { plaintext_services: [service({ violations: ['mine/rule'] })], rules }),
    )
    expect(text).toContain('  - mine/rule\n')
    expect(text).toMatch(/^unrated {3}mine\/rule$/m)
  })

  it('count what is beyond the worst', () => {
    const services = Array.from({ length: 10 }, (_, i) => service({ server_port: 8000 + i }))
    expect(render(reportOf({ plaintext: 10 }, { plaintext_services: services }))).toContain('… and 2 more: ')
    const full = Array.from({ length: 1000 }, () => service())
    expect(render(reportOf({ plaintext: 1000 }, { plaintext_services: full }))).toContain('… and at least 992 more: ')
  })

  it('of an endpoint name four suites and count the rest', () => {
    const endpoint = {
      ...{ server_ip: '10.0.1.1', server_port: 443, server_name: null, flows: 9, bytes: 9, violations: [RC4] },
      tls_versions: ['TLS 1.1', 'TLS 1.2'],
      cipher_suites: ['A', 'B', 'C', 'D', 'E', 'F'],
    }
    const text = render(reportOf({ weak: 9 }, { weak_endpoints: [endpoint] }))
    expect(text).toContain('weak  10.0.1.1:443\n  9 flows, 9 B\n  TLS 1.1, TLS 1.2\n  A, B, C, D and 2 more\n  - ')
  })
})

describe('rules in words', () => {
  it('come worst first, those of unknown packs last', () => {
    const sorted = bySeverity(['mine/x', 'sec09-recommended/cookie-without-same-site', RC4, CLEARTEXT], RULES)
    expect(sorted).toEqual([CLEARTEXT, RC4, 'sec09-recommended/cookie-without-same-site', 'mine/x'])
    expect(sorted.slice(0, 3).map((one) => RULES(one)?.severity)).toEqual(['critical', 'high', 'info'])
    expect(SEVERITIES[0]).toBe('critical')
  })

  it('say once what two packs forbid in the same words', () => {
    expect(faults(['sec09-literal/cleartext', CLEARTEXT], RULES)).toEqual([RULES(CLEARTEXT)?.title])
  })

  it("take the operator's own packs into account", () => {
    const rule = RULES(RC4)
    expect(rule).not.toBeNull()
    const own = { id: 'mine', title: 'Mine', source: 'us', version: '1', asOf: '2026-01-01', rules: rule ? [rule] : [] }
    expect(ruleBook([own])('mine/suite-rc4')).toBe(rule)
    expect(RULES('mine/suite-rc4')).toBeNull()
  })
})

describe('what could not be seen', () => {
  const row = (reason: string | null) => {
    const words = explainReason(reason)
    return { reason, flows: 2, bytes: 1500, ports: [443, 22], why: words?.why ?? null, remedy: words?.remedy ?? null }
  }

  it.each(UNKNOWN_REASONS)('%s has a why and a remedy', (reason) => {
    const text = render(reportOf({ unknown: 2 }, { unseen: [row(reason)] })).replace(/\s+/g, ' ')
    const words = explainReason(reason)
    expect(text).toContain(`${reason}: 2 flows, 1.50 kB, most on ports 443, 22 ${words?.why} ${words?.remedy}`)
  })

  it('tells what each source lost, and nothing of those that lost nothing', () => {
    const lossy = healthOf({
      ...{ source: 'eth1', frames_received: 1_200_000, dropped: 60_000, dropped_share: 60_000 / 1_260_000 },
      ...{
        ring_freezes: 3,
        gap_flows: 12,
        cap_flows: 1,
        flows_evicted: 4,
        sessions_evicted: 2,
        flows_lost: 9,
        down_s: 5400,
      },
      ...{ frames_not_decoded: 6, fragments_dropped: 7 },
    })
    const cut = healthOf({ source: 'cut.pcap', state: 'gone', frames_received: 1 })
    const text = render(reportOf({ strong: 2 }, { sensor_health: [lossy, cut, healthOf({ source: 'fine' })] }))
    expect(text.replace(/\s+/g, ' ')).toContain(
      'What could not be seen, and why ─────────────────────────────── ' +
        'eth1 of sensor edge: 1,200,000 frames received, 60,000 dropped (4.8 %), 3 ring freezes, 12 flows with gaps, ' +
        '1 cap hit, 4 flows evicted, 2 openings evicted, 9 open flows lost with a worker that died, 6 frames not decoded, 7 fragmented datagrams not joined, ' +
        'down for 90 min Mirror less, filter earlier, or give the capture more memory or workers. ' +
        'cut.pcap of sensor edge: 1 frame received, stopped before its end',
    )
    expect(text).not.toContain('fine')
    expect(text).not.toContain('ALARM')
    const allWell = render(reportOf({ strong: 2 }, { sensor_health: [healthOf({})] }))
    expect(allWell).toBe(render(reportOf({ strong: 2 })))
  })

  it.each([
    { state: 'up', how: '' },
    { state: 'down', how: ': its interface is down' },
    { state: 'gone', how: ': it went away' },
  ] as const)('raises an alarm for a source that went silent while $state', ({ state, how }) => {
    const silent = healthOf({ state, blind_since: '2026-03-01T10:20:30.500000Z' })
    const text = render(reportOf({ strong: 2 }, { sensor_health: [silent] }))
    expect(text.replace(/\s+/g, ' ')).toContain(
      `ALARM eth1 of sensor edge saw nothing since 2026-03-01T10:20:30Z${how}. Look at the mirror session, the cable ` +
        'and the interface. eth1 of sensor edge: 1,000 frames received ',
    )
  })

  it('tells of a blind sensor where there is no flow at all', () => {
    const blind = healthOf({ frames_received: 0, dropped_share: null, blind_since: '2026-03-01T10:00:00.000000Z' })
    const text = render(reportOf({ lost: null }, { sensor_health: [blind] }))
    expect(text).toContain('Nothing can be judged: nothing was seen, and all may have been lost.\n\nCoverage\n')
    expect(text).toMatch(/^by flows {7}0\.0 % {9}– {3}100\.0 % {2}▒+$/m)
    expect(text).toContain('ALARM  eth1 of sensor edge saw nothing since 2026-03-01T10:00:00Z.\n')
    expect(text).not.toContain('Verdicts')
  })

  it('shows the sources that lost most, and every alarm', () => {
    const many = (more: Partial<SensorHealth>) =>
      Array.from({ length: 12 }, (_, i) => healthOf({ source: `eth${i}`, ...more }))
    const lossy = render(reportOf({ strong: 2 }, { sensor_health: many({ gap_flows: 1 }) }))
    expect(lossy.match(/1 flow with gaps/g)).toHaveLength(8)
    expect(lossy).toContain('… and 4 more: --format json lists them\n')
    const blind = render(reportOf({ strong: 2 }, { sensor_health: many({ blind_since: '2026-03-01T10:00:00Z' }) }))
    expect(blind.match(/ALARM/g)).toHaveLength(12)
  })

  it('has a line for a reason of a newer sensor and for none', () => {
    const text = render(reportOf({ unknown: 4 }, { unseen: [row('solar_flare'), { ...row(null), ports: [] }] }))
    expect(text).toContain(
      '\nsolar_flare: 2 flows, 1.50 kB, most on ports 443, 22\nno reason given: 2 flows, 1.50 kB\n',
    )
  })
})

describe('colour', () => {
  const report = reportOf({ plaintext: 1, weak: 1, strong: 1 }, { plaintext_services: [service()] })

  it('only repeats what the words say', () => {
    const coloured = render(report, { colour: true })
    expect(stripVTControlCharacters(coloured)).toBe(render(report))
    expect(coloured).toContain('\u001b[31mplaintext  data in the clear')
    expect(coloured).toContain('\u001b[33mweak ')
    expect(coloured).toContain('\u001b[32mstrong ')
    expect(coloured).toContain('\u001b[31mplaintext  10.0.1.1:80  http\u001b[0m\n')
  })

  it('is nowhere where none is wanted, whatever came off the wire', () => {
    const text = render(
      reportOf({ plaintext: 1 }, { plaintext_services: [service({ http_host: '\u001b[32mok\u009b' })] }),
    )
    expect(text).toContain('\\x1b[32mok\\x9b')
    expect(stripVTControlCharacters(text)).toBe(text)
    for (const steering of ['\u001b', '\u009b']) expect(text).not.toContain(steering)
  })
})

const text = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 400 }),
  fc.stringMatching(/^[A-Z_]{100,300}$/),
  fc.constantFrom('2001:0db8:85a3:1234:5678:8a2e:0370:7334', '::ffff:10.0.0.1', 'a b c', ''),
)
const amount = fc.oneof(fc.nat(), fc.constantFrom(0, 999, 1e6, 1e12 - 1, 999_999_999_999_999, 2 ** 64 - 1))
const port = fc.nat(65_535)
const maybe = fc.option(text)
const list = fc.array(fc.oneof(text, fc.constantFrom(CLEARTEXT, RC4)), { maxLength: 20 })
const some = <T>(one: fc.Arbitrary<T>) => fc.array(one, { maxLength: 12 })
const counts = fc.record({
  ...{ plaintext: amount, weak: amount, strong: amount, opaque: amount, unknown: amount, exempt: amount },
  lost: fc.option(fc.double({ min: 0, max: 1e15, noNaN: true })),
})
const share = { name: maybe, flows: amount, bytes: amount }
const anyReport: fc.Arbitrary<Report> = fc
  .record({
    counts,
    more: fc.record({
      time_range: fc.record({ first_seen: maybe, last_seen: maybe, flows: amount.map((n) => n + 1), sources: amount }),
      tls_versions: some(fc.record({ tls_version: port, ...share })),
      cipher_suites: some(fc.record({ cipher_suite: port, ...share })),
      named_groups: some(fc.record({ named_group: port, ...share })),
      post_quantum: fc.option(fc.record({ flows: amount, of_flows: amount })),
      plaintext_services: some(
        fc.record({
          ...{ server_ip: text, server_port: port, app_protocol: maybe, server_name: maybe, http_host: maybe },
          ...{ flows: amount, bytes: amount, clients: amount, credentials: list, violations: list },
        }),
      ),
      weak_endpoints: some(
        fc.record({
          ...{ server_ip: text, server_port: port, server_name: maybe, tls_versions: list, cipher_suites: list },
          ...{ violations: list, flows: amount, bytes: amount },
        }),
      ),
      rules: some(
        fc.record({
          ...{ violation: fc.oneof(text, fc.constant(RC4)), flows: amount, endpoints: amount },
          ...{ severity: fc.constant(null), title: maybe, fix: maybe },
        }),
      ),
      unseen: some(
        fc.record({
          ...{ reason: maybe, flows: amount, bytes: amount, ports: fc.array(port, { maxLength: 3 }) },
          ...{ why: maybe, remedy: maybe },
        }),
      ),
      sensor_health: some(
        fc
          .record({
            ...{
              sensor: text,
              source: text,
              blind_since: maybe,
              state: fc.constantFrom('up', 'down', 'gone', 'ended'),
            },
            ...{ dropped: amount, dropped_share: fc.option(fc.double({ min: 0, max: 1, noNaN: true })) },
            ...{ frames_received: amount, ring_freezes: amount, gap_flows: amount, cap_flows: amount, down_s: amount },
            ...{
              flows_evicted: amount,
              sessions_evicted: amount,
              flows_lost: amount,
              frames_not_decoded: amount,
              fragments_dropped: amount,
            },
          } as const)
          .map(healthOf),
      ),
    }),
  })
  .map(({ counts: made, more }) => reportOf(made, more))

describe('the width', () => {
  const widest = (report: string): number =>
    Math.max(
      ...stripVTControlCharacters(report)
        .split('\n')
        .map((line) => [...line].length),
    )

  it.each([
    { asked: undefined, kept: 80 },
    { asked: 100, kept: 100 },
    { asked: 20, kept: 72 },
    { asked: 500, kept: 120 },
  ])('asked for $asked is $kept at most, whatever was seen', ({ asked, kept }) => {
    fc.assert(
      fc.property(anyReport, fc.boolean(), (report, colour) => {
        const written = render(report, asked === undefined ? { colour } : { colour, width: asked })
        expect(widest(written)).toBeLessThanOrEqual(kept)
        // Nothing but the report's own signs, its colours and line breaks.
        expect(stripVTControlCharacters(written)).toMatch(/^[\x20-\x7e\n─█▒░·–…]*$/)
      }),
      { numRuns: 150 },
    )
  })

  it('is used to its end by tables', () => {
    expect(widest(render(reportOf({ strong: 1 })))).toBe(80)
    expect(widest(render(reportOf({ strong: 1 }), { width: 100 }))).toBe(100)
  })
})
