-- Certificate validation failure rate (SEC09-BP01), as the policy pack has it: never added to the observed one.
-- numerator: servers' leaf certificates with a flow that broke a rule on certificates (cert-…: expired, not yet valid, name
-- mismatch, incomplete chain, self-signed, weak key or hash, too long a validity), judged at the packet's time.
-- denominator: leaf certificates shown. unobservable: endpoints (address and port) that spoke TLS and showed none, a
-- certificate each; low counts them as sound, high as failing. Complement: a probe, judged by `intransit certs --failing`.
-- From traffic alone.
-- {from}, {to}: when it happened. {provenances}: only sightings known so (observed, probed); an empty list takes all.
WITH
    shown AS
    (
        SELECT
            server_certificates[1] AS leaf,
            server_ip,
            server_port,
            arrayExists(one -> match(one, '/cert-[^/]+$'), violations) AS is_failing
        FROM flows FINAL
        WHERE first_seen >= {from:DateTime64(6, 'UTC')} AND first_seen <= {to:DateTime64(6, 'UTC')}
            AND notEmpty(server_certificates)
            AND (empty({provenances:Array(String)}) OR has({provenances:Array(String)}, 'observed'))
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
    uniqExactIf(leaf, is_failing) AS numerator,
    uniqExact(leaf) AS denominator,
    (SELECT endpoints FROM hidden) AS unobservable,
    numerator / nullIf(denominator + unobservable, 0) AS low,
    numerator / nullIf(denominator, 0) AS point,
    (numerator + unobservable) / nullIf(denominator + unobservable, 0) AS high
FROM shown
