/** Metrics of what a capture in this process judged: rows of the table in metric-table.ts. */
import {
  type Agreement,
  type JudgedFlows,
  MAX_AGREEMENTS,
  MAX_CELLS,
  MAX_RULES,
  OTHER,
  OTHER_AGREEMENT,
  told,
} from '../agent-judged.ts'
import { VERDICTS } from '../core/verdict.ts'
import { cipherSuiteName, sslv2CipherName } from '../registry/cipher-suites.ts'
import { KX_CLASSES, kxClass } from '../registry/kx-class.ts'
import { tlsVersionName } from '../registry/versions.ts'
import { counter, type Metric, type Series } from './metric.ts'
import type { Figures } from './metric-figures.ts'

const MAX_VERSIONS = 16
const MAX_CIPHERS = 128
const SSLV2 = 0x0002
const NONE = 'none'

const JUDGED = VERDICTS.join(', ')
const TRAFFIC = {
  sensor: 'name of this sensor',
  zone_pair: "client's zone -> server's (store.md)",
  app_proto: '`app_protocol` of flow records; none',
  enc: `\`verdict\` of flow records: ${JUDGED}`,
}
const ROOM = `more than ${MAX_CELLS} zone pairs with a protocol are other, other`

export const JUDGED_METRICS: readonly Metric[] = [
  {
    ...counter,
    of: 'run',
    name: 'intransit_flows_total',
    help: `Flows judged, each once; ${ROOM}`,
    labels: TRAFFIC,
    most: (MAX_CELLS + 1) * VERDICTS.length,
    series: (figures) => ofTraffic(figures, 'flows'),
  },
  {
    ...counter,
    of: 'run',
    name: 'intransit_bytes_total',
    help: `L4 payload bytes of flows, counted whenever a flow is reported; ${ROOM}`,
    labels: TRAFFIC,
    most: (MAX_CELLS + 1) * VERDICTS.length,
    series: (figures) => ofTraffic(figures, 'bytes'),
  },
  {
    ...counter,
    of: 'run',
    name: 'intransit_tls_handshakes_total',
    help: `Flows judged of which the negotiated TLS version was seen; more than ${MAX_AGREEMENTS} agreements are ${OTHER}`,
    labels: {
      version: `as negotiated; after ${MAX_VERSIONS} ${OTHER}`,
      kx_class: KX_CLASSES.join(', '),
      grade: JUDGED,
    },
    most: (MAX_VERSIONS + 1) * KX_CLASSES.length * VERDICTS.length,
    series: handshakes,
  },
  {
    ...counter,
    of: 'run',
    name: 'intransit_tls_cipher_handshakes_total',
    help: 'The same flows by cipher suite',
    labels: { cipher: `name at IANA; none was seen; after ${MAX_CIPHERS} ${OTHER}` },
    most: MAX_CIPHERS + 1,
    series: ciphers,
  },
  {
    ...counter,
    of: 'run',
    name: 'intransit_policy_violations_total',
    help: 'Flows judged that fail a rule',
    labels: { pack: `policy pack; after ${MAX_RULES} rules ${OTHER}`, clause: `rule of the pack; then ${OTHER}` },
    most: MAX_RULES + 1,
    series: ({ capture }) => Array.from(capture?.judged.byRule ?? [], ([rule, flows]) => [ruleLabels(rule), flows]),
  },
]

export function ruleLabels(violation: string): { pack: string; clause: string } {
  const [pack = '', clause = ''] = violation.split('/')
  return { pack, clause }
}

function* ofTraffic({ capture }: Figures, weight: 'flows' | 'bytes'): Generator<Series> {
  if (capture === null) return
  const { sensor, judged } = capture
  for (const { of, verdict, count } of told(judged.cells, judged[weight]))
    yield [{ sensor, zone_pair: of.zonePair, app_proto: of.protocol ?? NONE, enc: verdict }, count]
}

function handshakes({ capture }: Figures): Series[] {
  const sums = new Sums()
  const versions = new Named(MAX_VERSIONS)
  for (const { of, verdict, count } of agreed(capture?.judged)) {
    const version = of === OTHER_AGREEMENT ? OTHER : versions.nameOf(tlsVersionName(of.version))
    sums.add({ version, kx_class: kxClass(of.cipherSuite, of.namedGroup), grade: verdict }, count)
  }
  return sums.series
}

function ciphers({ capture }: Figures): Series[] {
  const sums = new Sums()
  const names = new Named(MAX_CIPHERS)
  for (const { of, count } of agreed(capture?.judged))
    sums.add({ cipher: of === OTHER_AGREEMENT ? OTHER : names.nameOf(cipherOf(of)) }, count)
  return sums.series
}

const agreed = (judged: JudgedFlows | undefined): ReturnType<typeof told<Agreement>> | [] =>
  judged === undefined ? [] : told(judged.agreements, judged.handshakes)

function cipherOf({ version, cipherSuite }: Agreement): string {
  if (cipherSuite < 0) return NONE
  return version === SSLV2 ? sslv2CipherName(cipherSuite) : cipherSuiteName(cipherSuite)
}

/** The first names that come, always the same ones: agreements stay in their order. */
class Named {
  readonly #names = new Set<string>()
  readonly #most: number

  constructor(most: number) {
    this.#most = most
  }

  nameOf(name: string): string {
    if (this.#names.size < this.#most) this.#names.add(name)
    return this.#names.has(name) ? name : OTHER
  }
}

/** What has the same labels is one series. */
class Sums {
  readonly #sums = new Map<string, { labels: Readonly<Record<string, string>>; count: number }>()

  add(labels: Readonly<Record<string, string>>, count: number): void {
    const key = JSON.stringify(labels)
    const known = this.#sums.get(key)
    if (known === undefined) this.#sums.set(key, { labels, count })
    else known.count += count
  }

  get series(): Series[] {
    return Array.from(this.#sums.values(), ({ labels, count }) => [labels, count])
  }
}
