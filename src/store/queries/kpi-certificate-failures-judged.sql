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
-- Each reading of flows is grouped before the two meet: once each, and few rows are left.
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
FROM endpoints
