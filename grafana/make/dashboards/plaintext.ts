import type { Dashboard } from '../dashboard.ts'
import { graph, linkTo, NONE_STEPS, pie, rows, stat, unitOf } from '../panel.ts'
import { BEGUN, CLIENT, either, INTERVAL, SEEN, SERVER, series, table } from '../query.ts'
import { choice, chosen, clickhouse, isTyped, typed, typedText } from '../variable.ts'

const PLAIN = "verdict = 'plaintext'"
const CHOSEN = `${chosen('sensor')} AND ${chosen('app_protocol')}`
const TYPED = `${isTyped('server', SERVER)}\n    AND ${isTyped('client', CLIENT)}`
const FILTERS = `${CHOSEN}\n    AND ${TYPED}`
const WHERE = `WHERE ${SEEN} AND ${PLAIN}\n    AND ${FILTERS}`
/** Of rollups, where no address is typed. */
const amount = (title: string, description: string, of: 'flows' | 'bytes', unit?: string) =>
  stat({
    ...{ title, description, width: 6, thresholds: NONE_STEPS },
    ...(unit === undefined ? {} : { unit }),
    targets: [
      table(
        `SELECT sum(told) AS ${of} FROM\n${either({
          rollups: [`sum(r.${of})`, 'count()'],
          flows: [of === 'flows' ? 'count()' : 'sum(bytes_client + bytes_server)', 'count()'],
          where: `${PLAIN} AND ${CHOSEN}`,
          isTyped: `${typedText('server')} != '' OR ${typedText('client')} != ''`,
          typedWhere: TYPED,
        })}`,
      ),
    ],
  })
const figure = (title: string, description: string, what: string) =>
  stat({
    ...{ title, description, width: 6, thresholds: NONE_STEPS },
    targets: [table(`SELECT ${what} FROM flows FINAL\n${WHERE}`)],
  })

export const plaintext: Dashboard = {
  uid: 'intransit-plaintext',
  title: 'Plaintext explorer',
  description: 'Conversations in the clear: who, with whom, what, and which logins were shown.',
  variables: [
    clickhouse,
    choice('sensor', 'Sensor'),
    choice('app_protocol', 'Protocol'),
    typed('server', 'Server address'),
    typed('client', 'Client address'),
  ],
  panels: [
    amount('Plaintext flows', 'Application data crossed in the clear', 'flows'),
    amount('Plaintext bytes', 'L4 payload of these flows', 'bytes', 'bytes'),
    figure('Servers', 'Addresses and ports', 'uniqExact(server_ip, server_port) AS servers'),
    figure('Logins in the clear', 'Flows with exposed credentials', 'countIf(notEmpty(credentials_exposed)) AS flows'),
    graph({
      title: 'Plaintext flows by protocol',
      description: 'By when they began',
      width: 16,
      stack: true,
      targets: [
        series(`
          SELECT ${INTERVAL}, ifNull(app_protocol, 'none') AS protocol, count() AS flows
          FROM flows FINAL
          WHERE ${BEGUN} AND ${PLAIN}
              AND ${FILTERS}
          GROUP BY time, protocol
          ORDER BY time, protocol`),
      ],
    }),
    pie({
      title: 'How TLS was missed',
      description: 'What became of the upgrade in protocols that have one (STARTTLS and the like)',
      width: 8,
      targets: [
        table(`
          SELECT ifNull(upgrade_state, 'no upgrade in this protocol') AS upgrade, count() AS flows
          FROM flows FINAL
          ${WHERE}
          GROUP BY upgrade
          ORDER BY flows DESC, upgrade`),
      ],
    }),
    rows({
      title: 'Services in the clear',
      description: 'Those that exposed credentials first',
      width: 24,
      height: 10,
      overrides: [unitOf('bytes', 'bytes')],
      links: { server: linkTo('intransit-plaintext', 'only this server', { server: 'server' }) },
      targets: [
        table(`
          SELECT
              ${SERVER} AS server,
              server_port AS port,
              ifNull(app_protocol, 'none') AS protocol,
              anyIf(http_host, http_host != '') AS host,
              count() AS flows,
              sum(bytes_client + bytes_server) AS bytes,
              uniqExact(client_ip) AS clients,
              arrayStringConcat(arraySort(groupUniqArrayArray(credentials_exposed)), ' ') AS credentials,
              max(last_seen) AS latest
          FROM flows FINAL
          ${WHERE}
          GROUP BY server, port, protocol
          ORDER BY credentials != '' DESC, bytes DESC, server, port
          LIMIT 200`),
      ],
    }),
    rows({
      title: 'Who talks to whom in the clear',
      description: 'Edges: client address, server address, server port',
      width: 14,
      height: 10,
      overrides: [unitOf('bytes', 'bytes')],
      links: {
        client: linkTo('intransit-plaintext', 'only this client', { client: 'client' }),
        server: linkTo('intransit-plaintext', 'only this server', { server: 'server' }),
      },
      targets: [
        table(`
          SELECT
              ${CLIENT} AS client,
              ${SERVER} AS server,
              server_port AS port,
              ifNull(app_protocol, 'none') AS protocol,
              count() AS flows,
              sum(bytes_client + bytes_server) AS bytes
          FROM flows FINAL
          ${WHERE}
          GROUP BY client, server, port, protocol
          ORDER BY bytes DESC, client, server, port
          LIMIT 200`),
      ],
    }),
    rows({
      title: 'Kinds of credentials exposed',
      description: 'The kind only: the secret itself is never kept',
      width: 10,
      height: 10,
      targets: [
        table(`
          SELECT
              credential,
              count() AS flows,
              uniqExact(server_ip, server_port) AS servers,
              uniqExact(client_ip) AS clients,
              max(last_seen) AS latest
          FROM flows FINAL
          ARRAY JOIN credentials_exposed AS credential
          ${WHERE}
          GROUP BY credential
          ORDER BY flows DESC, credential`),
      ],
    }),
  ],
}
