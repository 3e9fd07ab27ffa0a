-- Certificates that were presented in [from, to] and end by `expires_before`, those that end first at the beginning: those
-- after the one with that end and fingerprint. `end_s` is not_after in seconds of the epoch, beyond all of them where there is
-- none. `roles`: who presented it; `position`: the least, 0 = as the leaf; `servers`: up to ten of those it was seen at;
-- `provenance`: how that is known. An empty list asks for nothing. anchor, chain, revocation, faults, tolerated: what was judged of the chains
-- that it leads, whenever they were shown; faults are JSON, so that "not judged" can be told from "none".
WITH
    seen AS
    (
        SELECT
            s.fingerprint_sha256 AS fingerprint,
            arraySort(groupUniqArray(toString(s.role))) AS roles,
            arraySort(groupUniqArray(toString(s.provenance))) AS provenance,
            min(s.position) AS position,
            uniqExact(s.server_ip, s.server_port) AS endpoints,
            arraySort(groupUniqArray(10)((s.server_ip, s.server_port, s.server_name))) AS servers,
            uniqCombinedMerge(12)(s.flows) AS flows,
            min(s.first_seen) AS first_seen,
            max(s.last_seen) AS last_seen
        FROM certificate_sightings AS s FINAL
        WHERE s.first_seen <= {to:DateTime64(6, 'UTC')} AND s.last_seen >= {from:DateTime64(6, 'UTC')}
            AND (
                empty({server_ips:Array(String)})
                OR has(arrayMap(ip -> toIPv6(ip), {server_ips:Array(String)}), s.server_ip)
            )
            AND (empty({roles:Array(String)}) OR has({roles:Array(String)}, toString(s.role)))
            AND (empty({provenances:Array(String)}) OR has({provenances:Array(String)}, toString(s.provenance)))
        GROUP BY s.fingerprint_sha256
    ),
    verdicts AS
    (
        SELECT
            leaf,
            arraySort(groupUniqArrayArray(found)) AS faults,
            arraySort(groupUniqArrayArray(warned)) AS tolerated,
            toString(argMax(vouching, shown)) AS anchor,
            toString(argMax(revoked, shown)) AS revocation,
            toString(argMax(said_by, shown)) AS revocation_from,
            argMax(steps, shown) AS chain
        FROM
        (
            SELECT
                leaf,
                argMax(faults, last_shown) AS found,
                argMax(tolerated, last_shown) AS warned,
                argMax(anchor, last_shown) AS vouching,
                argMax(revocation, last_shown) AS revoked,
                argMax(revocation_from, last_shown) AS said_by,
                argMax(arrayZip(path, path_names, path_from), last_shown) AS steps,
                max(last_shown) AS shown
            FROM certificate_judgements FINAL
            WHERE empty({provenances:Array(String)}) OR has({provenances:Array(String)}, toString(provenance))
            GROUP BY leaf, role, server_ip, server_port, server_name, provenance
        )
        GROUP BY leaf
    ),
    ends AS
    (
        SELECT
            *,
            ifNull(dateDiff('second', toDateTime64('1970-01-01 00:00:00', 0, 'UTC'), not_after), 99999999999) AS end_s
        FROM certificates FINAL
    )
SELECT
    c.fingerprint_sha256 AS fingerprint_sha256,
    c.spki_sha256 AS spki_sha256,
    c.subject AS subject,
    c.issuer AS issuer,
    c.serial_number AS serial_number,
    formatDateTime(c.not_before, '%Y-%m-%dT%H:%i:%SZ', 'UTC') AS not_before,
    formatDateTime(c.not_after, '%Y-%m-%dT%H:%i:%SZ', 'UTC') AS not_after,
    c.key_type AS key_type,
    c.key_bits AS key_bits,
    c.key_curve AS key_curve,
    c.signature_algorithm AS signature_algorithm,
    c.signature_hash AS signature_hash,
    c.is_ca AS is_ca,
    c.self_issued AS self_issued,
    c.subject_alt_names AS subject_alt_names,
    c.malformed AS malformed,
    c.der AS der,
    seen.roles AS roles,
    seen.provenance AS provenance,
    seen.position AS position,
    seen.endpoints AS endpoints,
    arrayMap(
        server -> map(
            'server_ip', replaceRegexpOne(toString(server.1), '^::ffff:([0-9.]+)$', '\\1'),
            'server_port', toString(server.2),
            'server_name', server.3
        ),
        seen.servers
    ) AS servers,
    seen.flows AS flows,
    formatDateTime(seen.first_seen, '%Y-%m-%dT%H:%i:%S.%fZ', 'UTC') AS first_seen,
    formatDateTime(seen.last_seen, '%Y-%m-%dT%H:%i:%S.%fZ', 'UTC') AS last_seen,
    if(v.leaf = '', NULL, v.anchor) AS anchor,
    arrayMap(
        step -> map('fingerprint_sha256', step.1, 'subject', step.2, 'from', toString(step.3)),
        v.chain
    ) AS chain,
    if(v.revocation IN ('', 'unknown'), NULL, v.revocation) AS revocation,
    if(v.revocation_from IN ('', 'none'), NULL, v.revocation_from) AS revocation_from,
    if(v.leaf = '', NULL, toJSONString(v.faults)) AS faults,
    v.tolerated AS tolerated,
    c.end_s AS end_s
FROM ends AS c
INNER JOIN seen ON seen.fingerprint = c.fingerprint_sha256
LEFT JOIN verdicts AS v ON v.leaf = c.fingerprint_sha256
WHERE (c.end_s, c.fingerprint_sha256) > ({after_end_s:Int64}, {after_fingerprint:String})
    AND (c.not_after IS NULL OR c.not_after < {expires_before:DateTime64(6, 'UTC')})
ORDER BY c.end_s, c.fingerprint_sha256
LIMIT {limit:UInt32}
