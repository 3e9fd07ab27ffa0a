-- Certificate expiration incidents (SEC09-BP01): servers whose clients went on with a certificate that had ended.
-- numerator: pairs of leaf certificate and endpoint (address and port) with a completed handshake after its end, five minutes
-- of clocks apart granted. denominator: all pairs with a completed handshake. point is their ratio; numerator is the count.
-- unobservable: endpoints that spoke TLS and showed no certificate (TLS 1.3, resumption), one pair each. Clients that refused
-- end no handshake and are not counted. Complement: a probe, which sees these certificates.
-- {from}, {to}: when it happened. {provenances}: only sightings known so (observed, probed); an empty list takes all.
WITH
    shown AS
    (
        SELECT
            s.leaf AS leaf,
            s.server_ip AS server_ip,
            s.server_port AS server_port,
            max(s.shown_at) > any(c.not_after) + INTERVAL 5 MINUTE AS is_late
        FROM
        (
            SELECT server_certificates[1] AS leaf, server_ip, server_port, first_seen AS shown_at, 'observed' AS provenance_word
            FROM flows FINAL
            WHERE handshake_us IS NOT NULL AND notEmpty(server_certificates)
            UNION ALL
            SELECT server_certificates[1], server_ip, server_port, probed_at, 'probed'
            FROM probes FINAL
            WHERE outcome = 'handshake' AND notEmpty(server_certificates)
        ) AS s
        LEFT JOIN (SELECT fingerprint_sha256, not_after FROM certificates FINAL) AS c ON c.fingerprint_sha256 = s.leaf
        WHERE s.shown_at >= {from:DateTime64(6, 'UTC')} AND s.shown_at <= {to:DateTime64(6, 'UTC')}
            AND (empty({provenances:Array(String)}) OR has({provenances:Array(String)}, s.provenance_word))
        GROUP BY leaf, server_ip, server_port
    ),
-- Each has a certificate that nobody saw.
    hidden AS
    (
        SELECT uniqExact(server_ip, server_port) AS endpoints
        FROM flows FINAL
        WHERE first_seen >= {from:DateTime64(6, 'UTC')} AND first_seen <= {to:DateTime64(6, 'UTC')} AND tls_version IS NOT NULL
            AND (server_ip, server_port) NOT IN (SELECT server_ip, server_port FROM shown)
    )
SELECT
    'share' AS unit,
    countIf(ifNull(is_late, false)) AS numerator,
    count() AS denominator,
    (SELECT endpoints FROM hidden) AS unobservable,
    numerator / nullIf(denominator + unobservable, 0) AS low,
    numerator / nullIf(denominator, 0) AS point,
    (numerator + unobservable) / nullIf(denominator + unobservable, 0) AS high
FROM shown
