-- Certificate validation failure rate (SEC09-BP01), as the clients have it: never added to the judged one.
-- numerator: handshakes of TLS 1.2 and before in which a client answered a server's certificate with the alert
-- bad_certificate, unsupported_certificate, certificate_revoked, _expired or _unknown, or unknown_ca (RFC 5246 §7.2.2: 42 to
-- 46 and 48). denominator: full handshakes of these versions whose certificate was seen. unobservable: full handshakes of
-- TLS and DTLS 1.3, whose alerts are encrypted; low counts them as accepted, high as refused. A client may also refuse without a word.
-- Complement: verify statuses in load balancers' logs. From traffic alone.
-- {from}, {to}: when it happened, widened to whole hours. {provenances}: only sightings known so (observed, probed); an empty list takes all.
SELECT
    'share' AS unit,
    sum(refused) AS numerator,
    sum(answerable) AS denominator,
    sum(hidden) AS unobservable,
    numerator / nullIf(denominator + unobservable, 0) AS low,
    numerator / nullIf(denominator, 0) AS point,
    (numerator + unobservable) / nullIf(denominator + unobservable, 0) AS high
FROM certificate_uses_in(from = {from:DateTime64(6, 'UTC')}, to = {to:DateTime64(6, 'UTC')})
WHERE empty({provenances:Array(String)}) OR has({provenances:Array(String)}, 'observed')
