import type { Dashboard } from '../dashboard.ts'
import { graph, linkTo, NONE_STEPS, pie, rows, stat } from '../panel.ts'
import { BEGUN, INTERVAL, SEEN, series, table } from '../query.ts'
import { clickhouse, isTyped, typed } from '../variable.ts'

const SHOWN = `
(
    SELECT fingerprint_sha256, any(role) AS shown_by,
        uniqExact(server_ip, server_port) AS servers, uniqCombinedMerge(12)(flows) AS flows, max(last_seen) AS last_shown,
        arrayStringConcat(arraySort(groupUniqArrayIf(10)(server_name, server_name != '')), ' ') AS names,
        any(replaceRegexpOne(toString(server_ip), '^::ffff:([0-9.]+)$', '\\\\1')) AS a_server
    FROM certificate_sightings
    WHERE ${SEEN} AND position = 0
    GROUP BY fingerprint_sha256
)`
const LEAVES = `FROM (SELECT * FROM certificates FINAL) AS c\nINNER JOIN ${SHOWN.trim()} AS s ON s.fingerprint_sha256 = c.fingerprint_sha256`
const LEFT = "dateDiff('second', now(), assumeNotNull(c.not_after))"
const figure = (title: string, description: string, where: string) =>
  stat({
    ...{ title, description, width: 4, thresholds: NONE_STEPS },
    targets: [table(`SELECT countIf(${where}) AS certificates\n${LEAVES}`)],
  })
const shares = (title: string, description: string, column: string) =>
  pie({
    ...{ title, description, width: 8 },
    targets: [
      table(`
SELECT ${column} AS kind, count() AS certificates
${LEAVES}
GROUP BY kind
ORDER BY certificates DESC, kind
LIMIT 20`),
    ],
  })

export const certificates: Dashboard = {
  uid: 'intransit-certificates',
  title: 'Certificates',
  description:
    'What was presented, when it ends, and what is wrong with it. TLS 1.3 encrypts certificates: they are not here.',
  variables: [clickhouse, typed('fingerprint', 'SHA-256 of a certificate')],
  panels: [
    stat({
      title: 'Leaf certificates',
      description: 'Presented in this time, by servers and clients',
      width: 4,
      targets: [table(`SELECT count() AS certificates\n${LEAVES}`)],
    }),
    figure('Expired', 'Their end is past now', `c.not_after IS NOT NULL AND ${LEFT} <= 0`),
    figure('End within 30 days', 'And have not ended', `c.not_after IS NOT NULL AND ${LEFT} BETWEEN 1 AND 30 * 86400`),
    figure('Self-issued', 'Issuer and subject are the same', 'c.self_issued'),
    figure(
      'Weak keys',
      'RSA of less than 2048 bits, or a curve of less than 224',
      "(c.key_type = 'rsa' AND c.key_bits < 2048) OR (c.key_type = 'ec' AND c.key_bits < 224)",
    ),
    figure('SHA-1 or MD5', 'In their signature', "lower(ifNull(c.signature_hash, '')) IN ('sha1', 'md5')"),
    rows({
      title: 'Those that end first',
      description: 'Leaf certificates by their end; days are from now on',
      width: 24,
      height: 11,
      links: { fingerprint: linkTo('intransit-certificates', 'where it was shown', { fingerprint: 'fingerprint' }) },
      targets: [
        table(`
SELECT
    round(${LEFT} / 86400, 1) AS days_left,
    ifNull(c.subject, '') AS subject,
    ifNull(c.issuer, '') AS issuer,
    c.not_before AS not_before,
    c.not_after AS not_after,
    round(dateDiff('second', c.not_before, c.not_after) / 86400) AS valid_days,
    concat(ifNull(c.key_type, ''), ' ', ifNull(toString(c.key_bits), '')) AS public_key,
    s.shown_by AS shown_by,
    s.names AS names,
    s.servers AS servers,
    s.flows AS flows,
    s.last_shown AS last_shown,
    c.fingerprint_sha256 AS fingerprint
${LEAVES} AND c.not_after IS NOT NULL
ORDER BY c.not_after, fingerprint
LIMIT 500`),
      ],
    }),
    shares(
      'Public keys',
      'Of leaf certificates',
      "concat(ifNull(c.key_type, 'unknown'), ' ', ifNull(toString(c.key_bits), ''))",
    ),
    shares('Signatures', 'Of leaf certificates', "ifNull(c.signature_algorithm, 'unknown')"),
    shares('Issuers', 'Of leaf certificates', "ifNull(c.issuer, 'unknown')"),
    graph({
      title: 'Handshakes whose certificate could be seen',
      description: 'Of TLS flows with a handshake, not resumed. The rest is TLS 1.3, or was captured in part',
      width: 12,
      unit: 'percentunit',
      targets: [
        series(`
          SELECT ${INTERVAL}, countIf(notEmpty(server_certificates)) / count() AS visible
          FROM flows FINAL
          WHERE ${BEGUN} AND tls_version IS NOT NULL AND ifNull(resumed, false) = false
          GROUP BY time
          ORDER BY time`),
      ],
    }),
    rows({
      title: 'Where it was shown',
      description: 'Of all certificates, or of the one above; role: who showed it, position: 0 = the leaf',
      width: 12,
      links: { server: linkTo('intransit-tls', 'its TLS', { server: 'server' }) },
      targets: [
        table(`
          SELECT
              replaceRegexpOne(toString(server_ip), '^::ffff:([0-9.]+)$', '\\\\1') AS server,
              server_port AS port,
              server_name AS name,
              toString(any(role)) AS shown_by,
              min(position) AS place,
              min(first_seen) AS first_shown,
              max(last_seen) AS last_shown,
              fingerprint_sha256 AS fingerprint
          FROM certificate_sightings
          WHERE ${SEEN} AND ${isTyped('fingerprint', 'fingerprint_sha256')}
          GROUP BY server, port, name, fingerprint
          ORDER BY last_shown DESC, server, port, name, fingerprint
          LIMIT 200`),
      ],
    }),
  ],
}
