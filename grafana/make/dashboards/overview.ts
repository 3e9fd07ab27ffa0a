import type { Dashboard } from '../dashboard.ts'
import {
  BOUND_COLOURS,
  COVERAGE_STEPS,
  gauge,
  graph,
  linkTo,
  NONE_STEPS,
  pie,
  rows,
  stat,
  unitOf,
  VERDICT_COLOURS,
} from '../panel.ts'
import { INTERVAL_BEGAN, ofStore, ROLLED_UP, SEEN, SERVER, series, table, VERDICTS_BY_TIME } from '../query.ts'
import { clickhouse } from '../variable.ts'

const coverage = (weight: string, what: string) =>
  gauge({
    title: `Coverage by ${weight}`,
    description: `Share of ${what} of what began in this time that is encrypted. point: of what could be judged; low and high: with what could not be, and what sensors lost, taken for plaintext and for encrypted.`,
    width: 8,
    height: 7,
    unit: 'percentunit',
    decimals: 1,
    thresholds: COVERAGE_STEPS,
    targets: [table(`SELECT low, point, high FROM\n(\n${ofStore(`kpi-coverage-${weight}`)}\n)`)],
  })

const amount = (title: string, description: string, sql: string, isBad = true) =>
  stat({ title, description, width: 4, targets: [table(sql)], ...(isBad ? { thresholds: NONE_STEPS } : {}) })

const byVerdict = (verdict: string): string =>
  `SELECT sumIf(r.flows, verdict = '${verdict}') AS flows FROM ${ROLLED_UP} AS r`

export const overview: Dashboard = {
  uid: 'intransit-overview',
  title: 'Overview',
  description: 'How much of what crosses the network is encrypted, and where it is not.',
  variables: [clickhouse],
  panels: [
    coverage('flows', 'flows'),
    coverage('bytes', 'L4 payload bytes'),
    coverage('edges', 'edges (client, server, port)'),
    amount('Flows', 'That began in this time', `SELECT sum(r.flows) AS flows FROM ${ROLLED_UP} AS r`, false),
    amount('Plaintext', 'Flows in which application data crossed in the clear', byVerdict('plaintext')),
    amount('Weak', 'Flows that are encrypted and fail a rule of the policy', byVerdict('weak')),
    amount('Unknown', 'Flows of which not enough was seen; they widen the bounds', byVerdict('unknown'), false),
    amount(
      'Credentials exposed',
      'Flows in which a login crossed in the clear',
      `SELECT countIf(notEmpty(credentials_exposed)) AS flows FROM flows FINAL WHERE ${SEEN}`,
    ),
    amount(
      'Sources that see nothing',
      'Sources of sensors that get no frames: what they should see is missing from all figures',
      `SELECT countIf(blind_since IS NOT NULL) AS sources FROM\n(\n${ofStore('sensor-health', 10_000)}\n)`,
    ),
    graph({
      title: 'Flows by verdict',
      description: 'Flows by when they began',
      width: 12,
      stack: true,
      unit: 'short',
      overrides: VERDICT_COLOURS,
      targets: [
        series(`
          SELECT ${INTERVAL_BEGAN}, toString(v.verdict) AS verdict, sum(v.flows) AS flows
          FROM ${VERDICTS_BY_TIME} AS v
          GROUP BY time, verdict
          ORDER BY time, verdict`),
      ],
    }),
    graph({
      title: 'Coverage by flows',
      description: 'Without what sensors lost, which is in the gauges above',
      width: 12,
      unit: 'percentunit',
      overrides: BOUND_COLOURS,
      targets: [
        series(`
          WITH
              sumIf(flows, verdict IN ('weak', 'strong', 'opaque')) AS enc,
              sumIf(flows, verdict = 'plaintext') AS plain,
              sumIf(flows, verdict = 'unknown') AS unseen
          SELECT
              ${INTERVAL_BEGAN},
              enc / nullIf(enc + plain + unseen, 0) AS low,
              enc / nullIf(enc + plain, 0) AS point,
              (enc + unseen) / nullIf(enc + plain + unseen, 0) AS high
          FROM ${VERDICTS_BY_TIME}
          GROUP BY time
          ORDER BY time`),
      ],
    }),
    rows({
      title: 'Worst services',
      description: 'Services with plaintext or weak flows, those with exposed credentials first',
      width: 16,
      height: 10,
      links: {
        server: linkTo('intransit-plaintext', 'its plaintext', { server: 'server' }),
        weak: linkTo('intransit-tls', 'its TLS', { server: 'server' }),
      },
      overrides: [unitOf('bytes', 'bytes')],
      targets: [
        table(`
          SELECT
              ${SERVER} AS server,
              server_port AS port,
              ifNull(app_protocol, 'none') AS protocol,
              anyIf(server_name, server_name != '') AS name,
              countIf(verdict = 'plaintext') AS plaintext,
              countIf(verdict = 'weak') AS weak,
              count() AS flows,
              sum(bytes_client + bytes_server) AS bytes,
              arrayStringConcat(arraySort(groupUniqArrayArray(credentials_exposed)), ' ') AS credentials
          FROM flows FINAL
          WHERE ${SEEN}
          GROUP BY server, port, protocol
          HAVING plaintext + weak > 0
          ORDER BY credentials != '' DESC, plaintext DESC, weak DESC, bytes DESC, server, port
          LIMIT 50`),
      ],
    }),
    pie({
      title: 'Why it is unknown',
      description: 'Flows that could not be judged, by the reason',
      width: 8,
      height: 10,
      targets: [table(`SELECT toString(reason) AS reason, flows FROM\n(\n${ofStore('unseen')}\n)`)],
    }),
    rows({
      title: 'Rules that are failed',
      description: 'By pack/rule; an endpoint is a server address and port',
      width: 12,
      links: { violation: linkTo('intransit-tls', 'flows that fail it', { rule: 'violation' }) },
      targets: [table(`${ofStore('rules')}\nLIMIT 100`)],
    }),
    pie({
      title: 'Protocols',
      description: 'Flows by application protocol; none = not recognised',
      width: 12,
      targets: [
        table(`
          SELECT if(app_protocol = '', 'none', app_protocol) AS protocol, sum(r.flows) AS flows
          FROM ${ROLLED_UP} AS r
          GROUP BY protocol
          ORDER BY flows DESC, protocol
          LIMIT 20`),
      ],
    }),
  ],
}
