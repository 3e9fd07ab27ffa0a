import type { Dashboard } from '../dashboard.ts'
import { graph, linkTo, NONE_STEPS, pie, rows, stat } from '../panel.ts'
import { BEGUN, INTERVAL, ROLLED_UP, SEEN, SERVER, series, table } from '../query.ts'
import { choice, chosen, clickhouse } from '../variable.ts'

const FILTERS = [chosen('sensor'), chosen('app_protocol')].join(' AND ')
const WHERE = `WHERE ${SEEN} AND ${FILTERS}`
const OF_FLOWS = `FROM flows FINAL\n${WHERE}`
const OF_ROLLUPS = `FROM ${ROLLED_UP} AS r\nWHERE ${FILTERS}`
const figure = (
  title: string,
  description: string,
  what: string,
  { from, ...more }: { from: string } & Record<string, unknown>,
) => stat({ ...{ title, description, width: 6 }, ...more, targets: [table(`SELECT ${what}\n${from}`)] })

export const authentication: Dashboard = {
  uid: 'intransit-authentication',
  title: 'Authentication',
  description:
    'How ends prove who they are, as far as the wire shows it. Within TLS only client certificates of TLS 1.2 are seen.',
  variables: [clickhouse, choice('sensor', 'Sensor'), choice('app_protocol', 'Protocol')],
  panels: [
    figure(
      'Mutual TLS',
      'Clients that presented a certificate, of handshakes in which that could be seen. Requested is not presented',
      "sumIf(r.flows, mtls = 'presented') / nullIf(sumIf(r.flows, mtls IN ('none', 'requested', 'empty', 'presented')), 0) AS share",
      { from: OF_ROLLUPS, unit: 'percentunit', decimals: 1 },
    ),
    figure(
      'Asked, and got none',
      'Servers that asked for a certificate and got an empty answer',
      "sumIf(r.flows, mtls = 'empty') AS flows",
      {
        from: OF_ROLLUPS,
        thresholds: NONE_STEPS,
      },
    ),
    figure('Logins in the clear', 'Flows with exposed credentials', 'countIf(notEmpty(credentials_exposed)) AS flows', {
      from: OF_FLOWS,
      thresholds: NONE_STEPS,
    }),
    figure(
      'Failed logins',
      'Of those whose outcome could be seen',
      "countIf(auth_outcome = 'failure') / nullIf(countIf(auth_outcome IS NOT NULL), 0) AS share",
      { from: OF_FLOWS, unit: 'percentunit', decimals: 1 },
    ),
    graph({
      title: 'Client certificates',
      description: 'unobservable: TLS 1.3, or resumed',
      width: 12,
      stack: true,
      targets: [
        series(`
          SELECT ${INTERVAL}, toString(client_certificate) AS state, count() AS flows
          FROM flows FINAL
          WHERE ${BEGUN} AND ${FILTERS} AND client_certificate IS NOT NULL
          GROUP BY time, state
          ORDER BY time, state`),
      ],
    }),
    graph({
      title: 'Outcomes of logins',
      description: 'In protocols that show it before or without encryption',
      width: 12,
      stack: true,
      targets: [
        series(`
          SELECT ${INTERVAL}, toString(auth_outcome) AS outcome, count() AS flows
          FROM flows FINAL
          WHERE ${BEGUN} AND ${FILTERS} AND auth_outcome IS NOT NULL
          GROUP BY time, outcome
          ORDER BY time, outcome`),
      ],
    }),
    rows({
      title: 'Mechanisms',
      description: 'How clients log in, by protocol',
      width: 12,
      height: 10,
      targets: [
        table(`
          SELECT
              ifNull(app_protocol, 'none') AS protocol,
              mechanism,
              count() AS flows,
              countIf(verdict = 'plaintext') AS plaintext,
              uniqExact(server_ip, server_port) AS servers,
              uniqExact(client_ip) AS clients
          FROM flows FINAL
          ARRAY JOIN auth_mechanisms AS mechanism
          ${WHERE}
          GROUP BY protocol, mechanism
          ORDER BY flows DESC, protocol, mechanism
          LIMIT 200`),
      ],
    }),
    rows({
      title: 'Servers with failed logins',
      description: 'Those with the most first',
      width: 12,
      height: 10,
      links: { server: linkTo('intransit-plaintext', 'its plaintext', { server: 'server' }) },
      targets: [
        table(`
          SELECT
              ${SERVER} AS server,
              server_port AS port,
              ifNull(app_protocol, 'none') AS protocol,
              toString(auth_outcome) AS outcome,
              count() AS flows,
              uniqExact(client_ip) AS clients,
              max(last_seen) AS latest
          FROM flows FINAL
          ${WHERE} AND auth_outcome = 'failure'
          GROUP BY server, port, protocol, outcome
          ORDER BY flows DESC, server, port
          LIMIT 200`),
      ],
    }),
    pie({
      title: 'Credentials exposed',
      description: 'By kind; the secret itself is never kept',
      width: 8,
      targets: [
        table(`
          SELECT credential, count() AS flows
          FROM flows FINAL
          ARRAY JOIN credentials_exposed AS credential
          ${WHERE}
          GROUP BY credential
          ORDER BY flows DESC, credential
          LIMIT 20`),
      ],
    }),
    rows({
      title: 'SSH servers',
      description: 'Host keys and key exchange as negotiated',
      width: 16,
      targets: [
        table(`
          SELECT
              ${SERVER} AS server,
              server_port AS port,
              any(ssh_server_software) AS software,
              ifNull(ssh_host_key, '') AS host_key,
              ifNull(ssh_kex, '') AS kex,
              ifNull(ssh_cipher, '') AS cipher,
              toString(verdict) AS verdict,
              count() AS flows
          FROM flows FINAL
          ${WHERE} AND app_protocol = 'ssh'
          GROUP BY server, port, host_key, kex, cipher, verdict
          ORDER BY flows DESC, server, port
          LIMIT 100`),
      ],
    }),
  ],
}
