-- Adds up by hours which certificates servers showed, and what clients answered. {periods} are the hours, in seconds since 1970;
-- {from} and {to} enclose them.
INSERT INTO certificate_uses
SELECT
    'hour' AS resolution,
    toDateTime64(intDiv(toUnixTimestamp64Micro(first_seen), 3600000000) * 3600, 0, 'UTC') AS period,
    {generation:UInt64} AS generation,
    f.server_ip AS server_ip,
    f.server_port AS server_port,
    toString(server_certificates[1]) AS leaf,
    countIf(tls_version IS NOT NULL) AS tls_flows,
    maxIf(first_seen, handshake_us IS NOT NULL AND leaf != '') AS completed_at,
    countIf(leaf != '' AND arrayExists(one -> match(one, '/cert-[^/]+$'), violations)) AS failing,
    countIf(is_full AND is_hidden) AS hidden,
    countIf(is_full AND NOT is_hidden AND leaf != '') AS answerable,
    -- RFC 5246 §7.2.2: bad_certificate to certificate_unknown, unknown_ca.
    countIf(
        is_full AND NOT is_hidden AND leaf != ''
        AND arrayExists(one -> match(one, '^client:[a-z]+:(42|43|44|45|46|48)$'), alerts)
    ) AS refused,
    now() AS stored_at
FROM
(
    SELECT
        *,
        -- TLS 1.3 (RFC 8446 §4.2.1) and DTLS 1.3 (RFC 9147 §5.3).
        ifNull(tls_version IN (0x0304, 0xfefc), false) AS is_hidden,
        tls_version IS NOT NULL AND NOT ifNull(resumed, false) AS is_full
    FROM flows FINAL
    WHERE first_seen >= {from:DateTime64(6, 'UTC')} AND first_seen < {to:DateTime64(6, 'UTC')}
        AND intDiv(toUnixTimestamp64Micro(first_seen), 3600000000) * 3600 IN (SELECT arrayJoin({periods:Array(Int64)}))
        AND (tls_version IS NOT NULL OR server_certificates.size0 > 0)
) AS f
GROUP BY period, server_ip, server_port, leaf
