-- Where the certificates after {after} and up to {last} were shown, at most {limit} rows of each, the latest first; the
-- columns named of_certificate are of all its rows. An endpoint is a server address and port.
-- replaced: another key of that kind was shown first, there, in that place of the chain, after this certificate was last shown.
-- provenance: how it is known to have been shown there; {provenances} keeps those of some, an empty list all.
-- unstapled: flows that broke the rule cert-staple-missing: it demands a stapled response, and none came.
-- probes, probes_without_staple: how often a probe was shown it there, and was without a stapled response, for which it asks.
-- mismatched: flows whose client asked for a name that the certificate does not cover, and went on (rule cert-name-mismatch).
WITH
    sightings AS
    (
        SELECT
            fingerprint_sha256,
            role,
            server_ip,
            server_port,
            server_name,
            min(position) AS place,
            min(first_seen) AS first_shown,
            -- Rows of schema 7 and before do not have it; the certificate was shown when its first flow began.
            greatest(max(last_shown), first_shown) AS last_shown_at,
            uniqCombinedMerge(12)(flows) AS flow_count,
            arraySort(groupUniqArray(toString(provenance))) AS provenance_words
        FROM certificate_sightings
        WHERE (empty({provenances:Array(String)}) OR has({provenances:Array(String)}, toString(provenance)))
            AND (role, server_ip, server_port, server_name) IN
        (
            SELECT role, server_ip, server_port, server_name
            FROM certificate_sightings
            WHERE fingerprint_sha256 > {after:String} AND fingerprint_sha256 <= {last:String}
        )
        GROUP BY fingerprint_sha256, role, server_ip, server_port, server_name
    ),
    in_order AS
    (
        SELECT
            s.*,
            max(s.first_shown) OVER (PARTITION BY s.role, s.server_ip, s.server_port, s.server_name, s.place, c.kind) AS latest
        FROM sightings AS s
        LEFT JOIN (SELECT fingerprint_sha256, ifNull(key_type, '') AS kind FROM certificates FINAL) AS c
            ON c.fingerprint_sha256 = s.fingerprint_sha256
    ),
    mismatches AS
    (
        SELECT
            server_certificates[1] AS leaf,
            server_ip AS address,
            server_port AS port,
            ifNull(server_name, '') AS asked_for,
            countIf(arrayExists(violation -> endsWith(violation, '/cert-name-mismatch'), violations)) AS mismatched_flows,
            countIf(arrayExists(violation -> endsWith(violation, '/cert-staple-missing'), violations)) AS unstapled_flows
        FROM flows FINAL
        WHERE (empty({provenances:Array(String)}) OR has({provenances:Array(String)}, 'observed'))
            AND arrayExists(
                violation -> endsWith(violation, '/cert-name-mismatch') OR endsWith(violation, '/cert-staple-missing'),
                violations
            )
            AND server_certificates[1] > {after:String} AND server_certificates[1] <= {last:String}
        GROUP BY leaf, address, port, asked_for
    ),
    probed AS
    (
        SELECT
            server_certificates[1] AS leaf,
            server_ip AS address,
            server_port AS port,
            server_name AS asked_for,
            count() AS probe_count,
            countIf(ifNull(NOT is_stapled, false)) AS without_staple
        FROM probes FINAL
        WHERE (empty({provenances:Array(String)}) OR has({provenances:Array(String)}, 'probed'))
            AND outcome = 'handshake'
            AND server_certificates[1] > {after:String} AND server_certificates[1] <= {last:String}
        GROUP BY leaf, address, port, asked_for
    )
SELECT
    i.fingerprint_sha256 AS fingerprint_sha256,
    i.role AS role,
    i.place AS position,
    replaceRegexpOne(toString(i.server_ip), '^::ffff:([0-9.]+)$', '\\1') AS server_ip,
    i.server_port AS server_port,
    nullIf(i.server_name, '') AS server_name,
    formatDateTime(i.first_shown, '%Y-%m-%dT%H:%i:%S.%fZ', 'UTC') AS first_seen,
    formatDateTime(i.last_shown_at, '%Y-%m-%dT%H:%i:%S.%fZ', 'UTC') AS last_seen,
    i.flow_count AS flows,
    i.provenance_words AS provenance,
    i.latest > i.last_shown_at AS replaced,
    if(i.role = 'server' AND i.place = 0, m.mismatched_flows, 0) AS mismatched,
    if(i.role = 'server' AND i.place = 0, m.unstapled_flows, 0) AS unstapled,
    if(i.role = 'server' AND i.place = 0, p.probe_count, 0) AS probes,
    if(i.role = 'server' AND i.place = 0, p.without_staple, 0) AS probes_without_staple,
    uniqExact(i.server_ip, i.server_port) OVER (PARTITION BY i.fingerprint_sha256) AS endpoints_of_certificate,
    sum(i.flow_count) OVER (PARTITION BY i.fingerprint_sha256) AS flows_of_certificate,
    formatDateTime(min(i.first_shown) OVER (PARTITION BY i.fingerprint_sha256), '%Y-%m-%dT%H:%i:%S.%fZ', 'UTC')
        AS first_seen_of_certificate
FROM in_order AS i
LEFT JOIN mismatches AS m
    ON m.leaf = i.fingerprint_sha256 AND m.address = i.server_ip AND m.port = i.server_port AND m.asked_for = i.server_name
LEFT JOIN probed AS p
    ON p.leaf = i.fingerprint_sha256 AND p.address = i.server_ip AND p.port = i.server_port AND p.asked_for = i.server_name
WHERE i.fingerprint_sha256 > {after:String} AND i.fingerprint_sha256 <= {last:String}
ORDER BY i.fingerprint_sha256, i.last_shown_at DESC, i.server_ip, i.server_port, i.server_name, i.role
LIMIT {limit:UInt32} BY i.fingerprint_sha256
