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
-- Each reading of flows is grouped before the two meet: once each, and few rows are left.
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
FROM endpoints
