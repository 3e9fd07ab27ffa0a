-- Rolls the flows of some hours (since 1970) up by the minute. A service beyond the 500 with most flows in an hour has no rows of
-- its own there: names come from the wire. {from} and {to} enclose the hours.
INSERT INTO rollups (
    resolution, period, bucket, generation, by_service, sensor, policy, failed_packs, client_zone, server_zone, service,
    app_protocol, transport, verdict, tls_version, kx, mtls, auth, flows, bytes, tls_flows, hellos, resumption_known,
    resumed, hello_retries, alpn_known, alpn_multiplexed, full_handshakes, chains, chains_short, leaves_known, leaves_ec,
    ech_offered, ech_accepted, mtls_refused, http_requests, http_sigv4, tls_named, tls_to_aws, bearers, bearers_accepted,
    bearers_refused, auth_attempts, auth_successes, auth_failures, handshakes_timed, handshake_us,
    handshakes_beside_rtt, handshake_us_beside_rtt, rtt_us, handshakes_sketched, handshake_buckets, handshake_counts, edges
)
WITH
    (SELECT groupArray((low, high, vni, name)) FROM zone_ranges) AS ranges,
    judged AS
    (
        SELECT
            *,
            toDateTime64(intDiv(toUnixTimestamp64Micro(first_seen), 3600000000) * 3600, 0, 'UTC') AS hour,
            toDateTime64(intDiv(toUnixTimestamp64Micro(first_seen), 60000000) * 60, 0, 'UTC') AS minute,
            lower(coalesce(nullIf(server_name, ''), nullIf(replaceRegexpOne(ifNull(http_host, ''), ':[0-9]*$', ''), ''), '')) AS name,
            verdict IN ('weak', 'strong', 'opaque') AS is_encrypted,
            tls_version IS NOT NULL OR ja4 IS NOT NULL OR ifNull(app_protocol, '') IN ('tls', 'dtls', 'quic') AS is_tls,
            arrayExists(one -> one NOT IN ('anonymous', 'sasl-anonymous', 'none', 'trust', 'jwt-none'), auth_mechanisms) AS has_mechanism,
            hasAny(auth_mechanisms, ['aws-sigv4', 'aws-sigv4a', 'aws-sigv4-presigned', 'aws-sigv4a-presigned']) AS has_sigv4,
            hasAny(auth_mechanisms, ['http-bearer', 'http-dpop']) AS has_bearer,
            arrayExists(one -> match(one, '^server:fatal:(40|41|42|43|44|45|46|48|49|116)$'), alerts) AS is_refused
        FROM flows FINAL
        WHERE first_seen >= {from:DateTime64(6, 'UTC')} AND first_seen < {to:DateTime64(6, 'UTC')}
            AND intDiv(toUnixTimestamp64Micro(first_seen), 3600000000) IN (SELECT arrayJoin({hours:Array(Int64)}))
    ),
    large AS
    (
        SELECT
            toDateTime64(intDiv(toUnixTimestamp64Micro(first_seen), 3600000000) * 3600, 0, 'UTC') AS hour,
            lower(coalesce(nullIf(server_name, ''), nullIf(replaceRegexpOne(ifNull(http_host, ''), ':[0-9]*$', ''), ''), '')) AS name
        FROM flows
        WHERE first_seen >= {from:DateTime64(6, 'UTC')} AND first_seen < {to:DateTime64(6, 'UTC')}
            AND intDiv(toUnixTimestamp64Micro(first_seen), 3600000000) IN (SELECT arrayJoin({hours:Array(Int64)}))
        GROUP BY hour, name
        ORDER BY hour, count() DESC, name
        LIMIT 500 BY hour
    )
SELECT
    'minute',
    hour,
    minute,
    {generation:UInt64},
    by_service,
    sensor,
    policy,
    arrayStringConcat(arraySort(arrayDistinct(arrayMap(one -> splitByChar('/', one)[1], violations))), ',') AS failed_packs,
    arrayFirst(z -> client_ip >= z.1 AND client_ip <= z.2 AND (z.3 = -1 OR z.3 = vni), ranges).4 AS client_range,
    arrayFirst(z -> server_ip >= z.1 AND server_ip <= z.2 AND (z.3 = -1 OR z.3 = vni), ranges).4 AS server_range,
    if(by_service, name, '') AS service,
    ifNull(app_protocol, '') AS protocol,
    transport,
    verdict,
    ifNull(tls_version, 0) AS version,
    multiIf(
        match(ifNull(named_group_name, ''), '(?i)mlkem|kyber|cecpq') OR match(ifNull(ssh_kex, ''), '^(mlkem|sntrup)'), 'pq',
        ssh_kex IS NOT NULL, multiIf(match(ssh_kex, '^(curve|ecdh|kexguess)'), 'ecdhe', startsWith(ssh_kex, 'diffie'), 'dhe', startsWith(ssh_kex, 'rsa'), 'rsa', 'other'),
        startsWith(ifNull(named_group_name, ''), 'ffdhe'), 'dhe',
        match(ifNull(cipher_suite_name, ''), '_anon_'), 'anon',
        startsWith(ifNull(cipher_suite_name, ''), 'TLS_ECDHE_'), 'ecdhe',
        match(ifNull(cipher_suite_name, ''), '^TLS_(PSK_)?DHE_'), 'dhe',
        startsWith(ifNull(cipher_suite_name, ''), 'TLS_RSA_'), 'rsa',
        match(ifNull(cipher_suite_name, ''), '^TLS_(ECDH|DH)_'), 'static',
        startsWith(ifNull(cipher_suite_name, ''), 'TLS_PSK_'), 'psk',
        named_group IS NOT NULL, 'ecdhe',
        cipher_suite IS NOT NULL, 'other',
        ''
    ) AS kx,
    ifNull(client_certificate, '') AS mtls,
    multiIf(
        has_mechanism OR mtls = 'presented' OR ifNull(app_protocol, '') IN ('ssh', 'wireguard', 'ike') OR transport = 'esp', 'shown',
        is_encrypted OR verdict = 'unknown', 'hidden',
        'none'
    ) AS auth,
    count(),
    sum(bytes_client + bytes_server),
    countIf(is_tls),
    countIf(ja4 IS NOT NULL),
    countIf(resumed IS NOT NULL),
    countIf(ifNull(resumed, false)),
    countIf(ifNull(hello_retry, false)),
    countIf(alpn IS NOT NULL),
    countIf(match(ifNull(alpn, ''), '^h[23]')),
    countIf(tls_version IS NOT NULL AND NOT ifNull(resumed, false)),
    countIf(notEmpty(server_certificates)),
    countIf(length(server_certificates) BETWEEN 1 AND 3),
    countIf(server_certificates[1] IN (SELECT fingerprint_sha256 FROM certificates WHERE key_type IS NOT NULL)),
    countIf(server_certificates[1] IN (SELECT fingerprint_sha256 FROM certificates WHERE key_type IN ('ec', 'ed25519', 'ed448'))),
    countIf(ech IS NOT NULL),
    countIf(ifNull(ech, '') = 'accepted'),
    countIf(mtls IN ('presented', 'empty') AND is_refused),
    countIf(http_method IS NOT NULL),
    countIf(has_sigv4),
    countIf(is_tls AND server_name != ''),
    countIf(is_tls AND match(name, '\\.(amazonaws\\.com(\\.cn)?|api\\.aws)$')),
    countIf(has_bearer),
    countIf(has_bearer AND ifNull(http_status, 0) BETWEEN 100 AND 599 AND http_status != 401),
    countIf(has_bearer AND ifNull(http_status, 0) = 401),
    countIf(has_mechanism),
    countIf(has_mechanism AND ifNull(auth_outcome, '') = 'success'),
    countIf(has_mechanism AND ifNull(auth_outcome, '') = 'failure'),
    countIf(is_timed),
    sumIf(assumeNotNull(handshake_us), is_timed),
    countIf(is_timed AND ifNull(rtt_us, 0) > 0),
    sumIf(assumeNotNull(handshake_us), is_timed AND ifNull(rtt_us, 0) > 0),
    sumIf(assumeNotNull(rtt_us), is_timed AND ifNull(rtt_us, 0) > 0),
    countIf(is_timed),
    (sumMapIf([time_bucket], [toUInt64(1)], is_timed) AS sketch).1,
    sketch.2,
    uniqCombined64State(14)(cityHash64(client_ip, server_ip, server_port))
FROM
(
    SELECT
        *,
        handshake_us IS NOT NULL AS is_timed,
        -- 0027 says what a bucket is.
        toUInt16(if(ifNull(handshake_us, 0) = 0, 0, 1 + ceil(log(assumeNotNull(handshake_us)) / log(1.01 / 0.99)))) AS time_bucket
    FROM judged
)
ARRAY JOIN if(name != '' AND (hour, name) IN large, [false, true], [false]) AS by_service
GROUP BY
    hour, minute, by_service, sensor, policy, failed_packs, client_range, server_range, service, protocol, transport, verdict,
    version, kx, mtls, auth
