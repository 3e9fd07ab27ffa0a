/** The figures of certificates as the flows themselves have them, for test/store/certificate-rollups.test.ts to hold the rollups to. */

/** By the name of the KPI. */
export const OF_FLOWS: Readonly<Record<string, string>> = {
  'certificate-expirations': `
WITH
    shown AS
    (
        SELECT
            s.server_ip AS server_ip,
            s.server_port AS server_port,
            s.last_shown > c.not_after + INTERVAL 5 MINUTE AS is_late,
            true AS is_shown
        FROM
        (
            SELECT leaf, server_ip, server_port, max(shown_at) AS last_shown
            FROM
            (
                SELECT server_certificates[1] AS leaf, server_ip, server_port, first_seen AS shown_at, 'observed' AS provenance_word
                FROM flows FINAL
                WHERE handshake_us IS NOT NULL AND server_certificates.size0 > 0
                UNION ALL
                SELECT server_certificates[1], server_ip, server_port, probed_at, 'probed'
                FROM probes FINAL
                WHERE outcome = 'handshake' AND notEmpty(server_certificates)
            )
            WHERE shown_at >= {from:DateTime64(6, 'UTC')} AND shown_at <= {to:DateTime64(6, 'UTC')}
                AND (empty({provenances:Array(String)}) OR has({provenances:Array(String)}, provenance_word))
            GROUP BY leaf, server_ip, server_port
        ) AS s
        LEFT JOIN (SELECT fingerprint_sha256, not_after FROM certificates FINAL) AS c ON c.fingerprint_sha256 = s.leaf
    ),
    speaking AS
    (
        SELECT server_ip, server_port
        FROM flows FINAL
        WHERE first_seen >= {from:DateTime64(6, 'UTC')} AND first_seen <= {to:DateTime64(6, 'UTC')} AND tls_version IS NOT NULL
        GROUP BY server_ip, server_port
    ),
    endpoints AS
    (
        SELECT countIf(is_shown) AS shown_here, countIf(is_shown AND ifNull(is_late, false)) AS late_here
        FROM (SELECT * FROM shown UNION ALL SELECT server_ip, server_port, NULL, false FROM speaking)
        GROUP BY server_ip, server_port
    )
SELECT
    'share' AS unit,
    sum(late_here) AS numerator,
    sum(shown_here) AS denominator,
    countIf(shown_here = 0) AS unobservable,
    numerator / nullIf(denominator + unobservable, 0) AS low,
    numerator / nullIf(denominator, 0) AS point,
    (numerator + unobservable) / nullIf(denominator + unobservable, 0) AS high
FROM endpoints`,
  'certificate-failures-judged': `
WITH
    shown AS
    (
        SELECT
            server_ip,
            server_port,
            toString(server_certificates[1]) AS leaf,
            max(arrayExists(one -> match(one, '/cert-[^/]+$'), violations)) AS is_failing,
            true AS is_shown
        FROM flows FINAL
        WHERE first_seen >= {from:DateTime64(6, 'UTC')} AND first_seen <= {to:DateTime64(6, 'UTC')}
            AND server_certificates.size0 > 0
            AND (empty({provenances:Array(String)}) OR has({provenances:Array(String)}, 'observed'))
        GROUP BY server_ip, server_port, leaf
    ),
    speaking AS
    (
        SELECT server_ip, server_port
        FROM flows FINAL
        WHERE first_seen >= {from:DateTime64(6, 'UTC')} AND first_seen <= {to:DateTime64(6, 'UTC')} AND tls_version IS NOT NULL
        GROUP BY server_ip, server_port
    ),
    endpoints AS
    (
        SELECT
            groupArrayIf(leaf, is_shown) AS leaves,
            groupArrayIf(leaf, is_shown AND is_failing) AS failing
        FROM (SELECT * FROM shown UNION ALL SELECT server_ip, server_port, '', false, false FROM speaking)
        GROUP BY server_ip, server_port
    )
SELECT
    'share' AS unit,
    uniqExactArray(failing) AS numerator,
    uniqExactArray(leaves) AS denominator,
    countIf(empty(leaves)) AS unobservable,
    numerator / nullIf(denominator + unobservable, 0) AS low,
    numerator / nullIf(denominator, 0) AS point,
    (numerator + unobservable) / nullIf(denominator + unobservable, 0) AS high
FROM endpoints`,
  'certificate-failures-observed': `
WITH
    f AS
    (
        SELECT
            tls_version IN (0x0304, 0xfefc) AS is_hidden,
            arrayExists(one -> match(one, '^client:[a-z]+:(42|43|44|45|46|48)$'), alerts) AS is_refused
        FROM flows FINAL
        WHERE first_seen >= {from:DateTime64(6, 'UTC')} AND first_seen <= {to:DateTime64(6, 'UTC')}
            AND tls_version IS NOT NULL AND NOT ifNull(resumed, false)
            AND (is_hidden OR server_certificates.size0 > 0)
            AND (empty({provenances:Array(String)}) OR has({provenances:Array(String)}, 'observed'))
    )
SELECT
    'share' AS unit,
    countIf(NOT is_hidden AND is_refused) AS numerator,
    countIf(NOT is_hidden) AS denominator,
    countIf(is_hidden) AS unobservable,
    numerator / nullIf(denominator + unobservable, 0) AS low,
    numerator / nullIf(denominator, 0) AS point,
    (numerator + unobservable) / nullIf(denominator + unobservable, 0) AS high
FROM f`,
  'certificate-resolution-time': `
WITH
    states AS
    (
        SELECT
            server_ip,
            server_port,
            ifNull(server_name, '') AS asked_for,
            first_seen AS happened_at,
            toUInt8(arrayExists(one -> match(one, '/cert-[^/]+$'), violations)) AS is_failing,
            lagInFrame(is_failing, 1, 0) OVER (
                PARTITION BY server_ip, server_port, asked_for ORDER BY first_seen, flow_id
                ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING
            ) AS was_failing
        FROM flows FINAL
        WHERE first_seen <= {to:DateTime64(6, 'UTC')} AND notEmpty(server_certificates)
            AND (empty({provenances:Array(String)}) OR has({provenances:Array(String)}, 'observed'))
    ),
    failures AS
    (
        SELECT
            is_failing,
            happened_at AS began,
            leadInFrame(toNullable(happened_at), 1, NULL) OVER (
                PARTITION BY server_ip, server_port, asked_for ORDER BY happened_at
                ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING
            ) AS resolved_at
        FROM states
        WHERE is_failing != was_failing
    )
SELECT
    'seconds' AS unit,
    sumIf(dateDiff('second', began, assumeNotNull(resolved_at)), resolved_at IS NOT NULL) AS numerator,
    countIf(resolved_at IS NOT NULL) AS denominator,
    countIf(resolved_at IS NULL) AS unobservable,
    least(
        point,
        (numerator + sumIf(dateDiff('second', began, (SELECT least(max(last_seen), {to:DateTime64(6, 'UTC')}) FROM flows)), resolved_at IS NULL))
            / nullIf(denominator + unobservable, 0)
    ) AS low,
    numerator / nullIf(denominator, 0) AS point,
    if(unobservable = 0, point, NULL) AS high
FROM failures
WHERE is_failing AND (resolved_at IS NULL OR resolved_at >= {from:DateTime64(6, 'UTC')})`,
}
