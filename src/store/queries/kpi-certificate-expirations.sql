-- Certificate expiration incidents (SEC09-BP01): servers whose clients went on with a certificate that had ended.
-- numerator: pairs of leaf certificate and endpoint (address and port) with a completed handshake after its end, five minutes
-- of clocks apart granted. denominator: all pairs with a completed handshake. point is their ratio; numerator is the count.
-- unobservable: endpoints that spoke TLS and showed no certificate (TLS 1.3, resumption), one pair each. Clients that refused
-- end no handshake and are not counted. Complement: a probe, which sees these certificates.
-- {from}, {to}: when it happened, of flows widened to whole hours. {provenances}: only sightings known so (observed, probed); an empty list takes all.
WITH
    uses AS
    (
        SELECT server_ip, server_port, leaf, completed_at, tls_flows > 0 AS is_speaking, 'observed' AS provenance_word
        FROM certificate_uses_in(from = {from:DateTime64(6, 'UTC')}, to = {to:DateTime64(6, 'UTC')})
        UNION ALL
        SELECT server_ip, server_port, server_certificates[1], probed_at, false, 'probed'
        FROM probes FINAL
        WHERE probed_at >= {from:DateTime64(6, 'UTC')} AND probed_at <= {to:DateTime64(6, 'UTC')}
            AND outcome = 'handshake' AND notEmpty(server_certificates)
    ),
    pairs AS
    (
        SELECT
            server_ip,
            server_port,
            leaf,
            maxIf(
                completed_at,
                empty({provenances:Array(String)}) OR has({provenances:Array(String)}, provenance_word)
            ) AS last_completed,
            max(is_speaking) AS has_spoken
        FROM uses
        GROUP BY server_ip, server_port, leaf
    ),
    endpoints AS
    (
        SELECT
            countIf(toUnixTimestamp64Micro(last_completed) > 0) AS shown_here,
            countIf(
                toUnixTimestamp64Micro(last_completed) > 0 AND ifNull(last_completed > c.not_after + INTERVAL 5 MINUTE, false)
            ) AS late_here,
            max(has_spoken) AS has_spoken_here
        FROM pairs AS p
        LEFT JOIN (SELECT fingerprint_sha256, not_after FROM certificates FINAL) AS c ON c.fingerprint_sha256 = p.leaf
        GROUP BY server_ip, server_port
    )
SELECT
    'share' AS unit,
    sum(late_here) AS numerator,
    sum(shown_here) AS denominator,
    countIf(shown_here = 0 AND has_spoken_here) AS unobservable,
    numerator / nullIf(denominator + unobservable, 0) AS low,
    numerator / nullIf(denominator, 0) AS point,
    (numerator + unobservable) / nullIf(denominator + unobservable, 0) AS high
FROM endpoints
