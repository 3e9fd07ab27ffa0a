import type { Dashboard } from '../dashboard.ts'
import { graph, linkTo, NONE_STEPS, pie, rows, stat, unitOf } from '../panel.ts'
import { BEGUN, either, INTERVAL, SEEN, SERVER, series, table } from '../query.ts'
import { choice, chosen, clickhouse, isTyped, typed, typedText } from '../variable.ts'

const TLS = 'tls_version IS NOT NULL'
const RULE = `(${typedText('rule')} = '' OR has(violations, ${typedText('rule')}))`
const CHOSEN = `${chosen('sensor')} AND ${chosen('app_protocol')}`
const TYPED = `${isTyped('server', SERVER)}\n    AND ${RULE}`
const FILTERS = `${CHOSEN}\n    AND ${TYPED}`
const WHERE = `WHERE ${SEEN} AND ${FILTERS}`
/** `flows`: of one flow; `rollups`: a sum over rows of flows whose version was seen. */
const share = (title: string, description: string, { flows, rollups }: { flows: string; rollups: string }) =>
  stat({
    ...{ title, description, width: 4, unit: 'percentunit', decimals: 1 },
    targets: [
      table(
        `SELECT sum(told) / nullIf(sum(counted), 0) AS share FROM\n${either({
          rollups: [rollups, 'sum(r.flows)'],
          flows: [`countIf(${flows})`, 'count()'],
          // 0 = not seen, of rollups.
          where: `ifNull(tls_version, 0) != 0 AND ${CHOSEN}`,
          isTyped: `${typedText('server')} != '' OR ${typedText('rule')} != ''`,
          typedWhere: TYPED,
        })}`,
      ),
    ],
  })
const byVersion = (versions: string) => ({
  flows: `tls_version IN (${versions})`,
  rollups: `sumIf(r.flows, tls_version IN (${versions}))`,
})

export const tls: Dashboard = {
  uid: 'intransit-tls',
  title: 'TLS posture',
  description: 'What was negotiated, by whom, and which rules it fails.',
  variables: [
    clickhouse,
    choice('sensor', 'Sensor'),
    choice('app_protocol', 'Protocol'),
    typed('server', 'Server address'),
    typed('rule', 'Rule, as pack/rule'),
  ],
  panels: [
    share('TLS 1.3', 'Of flows whose negotiated version was seen', byVersion('772')),
    share('Older than 1.2', 'The same; DTLS counts by what it is made of', byVersion('2, 768, 769, 770, 65279')),
    share('Resumed', 'Handshakes that took up an earlier session', {
      flows: 'resumed = true',
      rollups: 'sum(r.resumed)',
    }),
    share('Retried', 'The server asked for another key share (HelloRetryRequest): a round trip more', {
      flows: 'hello_retry = true',
      rollups: 'sum(r.hello_retries)',
    }),
    share('With ECH', 'Clients that offered or greased Encrypted Client Hello', {
      flows: 'ech IS NOT NULL',
      rollups: 'sum(r.ech_offered)',
    }),
    stat({
      title: 'Downgrade marks',
      description: 'Servers that could have spoken a newer version (RFC 8446 §4.1.3): client-limited, or an attack',
      width: 4,
      thresholds: NONE_STEPS,
      targets: [table(`SELECT countIf(downgrade_sentinel IS NOT NULL) AS flows FROM flows FINAL\n${WHERE}`)],
    }),
    graph({
      title: 'Versions',
      description: 'Flows by negotiated version',
      width: 12,
      stack: true,
      targets: [
        series(`
          SELECT ${INTERVAL}, ifNull(tls_version_name, 'unknown') AS version, count() AS flows
          FROM flows FINAL
          WHERE ${BEGUN} AND ${TLS}
              AND ${FILTERS}
          GROUP BY time, version
          ORDER BY time, version`),
      ],
    }),
    graph({
      title: 'Flows that fail a rule',
      description: 'A flow may fail several',
      width: 12,
      stack: true,
      targets: [
        series(`
          SELECT ${INTERVAL}, violation, count() AS flows
          FROM flows FINAL
          ARRAY JOIN violations AS violation
          WHERE ${BEGUN} AND ${FILTERS}
          GROUP BY time, violation
          ORDER BY time, violation`),
      ],
    }),
    rows({
      title: 'Cipher suites',
      description: 'As negotiated',
      width: 12,
      overrides: [unitOf('bytes', 'bytes'), unitOf('share', 'percentunit')],
      targets: [
        table(`
          SELECT
              ifNull(cipher_suite_name, 'unknown') AS suite,
              count() AS flows,
              flows / sum(count()) OVER () AS share,
              sum(bytes_client + bytes_server) AS bytes,
              countIf(verdict = 'weak') AS weak,
              uniqExact(server_ip, server_port) AS servers
          FROM flows FINAL
          ${WHERE} AND cipher_suite IS NOT NULL
          GROUP BY suite
          ORDER BY flows DESC, suite
          LIMIT 100`),
      ],
    }),
    pie({
      title: 'Key exchange groups',
      description: 'As negotiated',
      width: 12,
      targets: [
        table(`
          SELECT ifNull(named_group_name, 'unknown') AS named_group_name, count() AS flows
          FROM flows FINAL
          ${WHERE} AND named_group IS NOT NULL
          GROUP BY named_group_name
          ORDER BY flows DESC, named_group_name
          LIMIT 30`),
      ],
    }),
    rows({
      title: 'Endpoints that encrypt weakly',
      description: 'Those that fail the most rules first',
      width: 24,
      height: 10,
      overrides: [unitOf('bytes', 'bytes')],
      links: { server: linkTo('intransit-tls', 'only this server', { server: 'server' }) },
      targets: [
        table(`
          SELECT
              ${SERVER} AS server,
              server_port AS port,
              ifNull(server_name, '') AS name,
              arrayStringConcat(arraySort(groupUniqArray(ifNull(tls_version_name, ''))), ' ') AS versions,
              arrayStringConcat(arraySort(groupUniqArray(ifNull(cipher_suite_name, ''))), ' ') AS suites,
              arrayStringConcat(arraySort(groupUniqArrayArray(violations)) AS rules, ' ') AS failed_rules,
              count() AS flows,
              uniqExact(client_ip) AS clients,
              sum(bytes_client + bytes_server) AS bytes
          FROM flows FINAL
          ${WHERE} AND verdict = 'weak'
          GROUP BY server, port, name
          ORDER BY length(rules) DESC, flows DESC, server, port, name
          LIMIT 200`),
      ],
    }),
    graph({
      title: 'Time of the handshake',
      description: 'From the first message to the last that was seen of it',
      width: 12,
      unit: 'µs',
      targets: [
        series(`
          SELECT
              ${INTERVAL},
              quantile(0.5)(handshake_us) AS median,
              quantile(0.95)(handshake_us) AS "95 %"
          FROM flows FINAL
          WHERE ${BEGUN} AND handshake_us IS NOT NULL
              AND ${FILTERS}
          GROUP BY time
          ORDER BY time`),
      ],
    }),
    rows({
      title: 'Alerts',
      description: 'TLS alerts that could be read: before encryption begins',
      width: 12,
      targets: [
        table(`
          SELECT alert, count() AS flows, uniqExact(server_ip, server_port) AS servers, max(last_seen) AS latest
          FROM flows FINAL
          ARRAY JOIN alerts AS alert
          ${WHERE}
          GROUP BY alert
          ORDER BY flows DESC, alert`),
      ],
    }),
  ],
}
