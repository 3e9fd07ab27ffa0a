import type { Dashboard } from '../dashboard.ts'
import { bars, graph, linkTo, rows, stat, unitOf } from '../panel.ts'
import { BEGUN, INTERVAL, POST_QUANTUM, ROLLED_UP, SEEN, SERVER, series, table } from '../query.ts'
import { choice, chosen, clickhouse } from '../variable.ts'

/** IANA, TLS Supported Groups: ML-KEM alone and beside a curve, and the drafts before them. */
const OFFERED = 'hasAny(h.offered_groups, [512, 513, 514, 4587, 4588, 4589, 25497, 25498])'
const FILTERS = chosen('sensor')
const GROUP = 'named_group IS NOT NULL'
const WHERE = `WHERE ${SEEN} AND ${FILTERS} AND ${GROUP}`
/** Rows of rollups, SSH among them. */
const KX_SEEN = `FROM ${ROLLED_UP} AS r\nWHERE ${FILTERS} AND kx != ''`
const share = (title: string, description: string, what: string, from: string) =>
  stat({
    ...{ title, description, width: 6, unit: 'percentunit', decimals: 1 },
    targets: [table(`SELECT ${what} AS share\n${from}`)],
  })
const WITH_OFFER = `FROM (SELECT * FROM flows FINAL WHERE ${SEEN} AND ${FILTERS} AND client_hello_hash IS NOT NULL) AS flows
INNER JOIN (SELECT * FROM client_hellos FINAL) AS h
    ON h.client_hello_hash = flows.client_hello_hash AND h.ja4 = ifNull(flows.ja4, '')`

export const postQuantum: Dashboard = {
  uid: 'intransit-post-quantum',
  title: 'Post-quantum readiness',
  description:
    'Key exchange that can be opened later, once there is a quantum computer, and who stands in the way of the other.',
  variables: [clickhouse, choice('sensor', 'Sensor')],
  panels: [
    share(
      'Flows',
      'With post-quantum key exchange, of those whose key exchange was seen',
      "sumIf(r.flows, kx = 'pq') / nullIf(sum(r.flows), 0)",
      KX_SEEN,
    ),
    share('Bytes', 'The same by L4 payload bytes', "sumIf(r.bytes, kx = 'pq') / nullIf(sum(r.bytes), 0)", KX_SEEN),
    share(
      'Clients that offer it',
      'Of TLS and QUIC flows with a ClientHello',
      `countIf(${OFFERED}) / nullIf(count(), 0)`,
      WITH_OFFER,
    ),
    stat({
      title: 'Harvestable',
      description: 'L4 payload bytes under classical key exchange: who keeps them can open them later',
      width: 6,
      unit: 'bytes',
      targets: [table(`SELECT sumIf(r.bytes, kx != 'pq') AS bytes\n${KX_SEEN}`)],
    }),
    graph({
      title: 'Key exchange over time',
      description: 'Flows whose group was seen',
      width: 12,
      stack: true,
      targets: [
        series(`
          SELECT ${INTERVAL}, if(${POST_QUANTUM}, 'post-quantum', 'classical') AS kind, count() AS flows
          FROM flows FINAL
          WHERE ${BEGUN} AND ${FILTERS} AND ${GROUP}
          GROUP BY time, kind
          ORDER BY time, kind`),
      ],
    }),
    bars({
      title: 'Groups',
      description: 'As negotiated',
      width: 12,
      targets: [
        table(`
          SELECT ifNull(named_group_name, 'unknown') AS named_group_name, count() AS flows
          FROM flows FINAL
          ${WHERE}
          GROUP BY named_group_name
          ORDER BY flows DESC, named_group_name
          LIMIT 20`),
      ],
    }),
    rows({
      title: 'Servers that hold it back',
      description: 'The client offered a post-quantum group, and the server chose another',
      width: 12,
      height: 10,
      overrides: [unitOf('bytes', 'bytes')],
      links: { server: linkTo('intransit-tls', 'its TLS', { server: 'server' }) },
      targets: [
        table(`
SELECT
    ${SERVER} AS server,
    server_port AS port,
    any(server_name) AS name,
    arrayStringConcat(arraySort(groupUniqArray(ifNull(named_group_name, ''))), ' ') AS chosen_groups,
    count() AS flows,
    sum(bytes_client + bytes_server) AS bytes
${WITH_OFFER}
WHERE ${OFFERED} AND ${GROUP} AND NOT ${POST_QUANTUM}
GROUP BY server, port
ORDER BY bytes DESC, server, port
LIMIT 200`),
      ],
    }),
    rows({
      title: 'Clients that hold it back',
      description: 'Fingerprints of clients that offered none',
      width: 12,
      height: 10,
      overrides: [unitOf('bytes', 'bytes')],
      targets: [
        table(`
SELECT
    ifNull(flows.ja4, '') AS ja4,
    uniqExact(client_ip) AS clients,
    count() AS flows,
    sum(bytes_client + bytes_server) AS bytes,
    any(server_name) AS a_server_name
${WITH_OFFER}
WHERE NOT ${OFFERED}
GROUP BY ja4
ORDER BY flows DESC, ja4
LIMIT 200`),
      ],
    }),
    rows({
      title: 'SSH and IKE',
      description: 'Key exchange of other protocols: sntrup761 and ML-KEM are post-quantum',
      width: 24,
      targets: [
        table(`
          SELECT
              ifNull(app_protocol, 'none') AS protocol,
              coalesce(ssh_kex, ike_group, '') AS key_exchange,
              match(key_exchange, '(?i)mlkem|sntrup|kyber') AS post_quantum,
              count() AS flows,
              uniqExact(server_ip) AS servers
          FROM flows FINAL
          WHERE ${SEEN} AND ${FILTERS} AND (ssh_kex IS NOT NULL OR ike_group IS NOT NULL)
          GROUP BY protocol, key_exchange
          ORDER BY flows DESC, protocol, key_exchange`),
      ],
    }),
  ],
}
