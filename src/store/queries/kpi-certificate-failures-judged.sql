-- Certificate validation failure rate (SEC09-BP01), as the policy pack has it: never added to the observed one.
-- numerator: servers' leaf certificates with a flow that broke a rule on certificates (cert-…: expired, not yet valid, name
-- mismatch, incomplete chain, self-signed, weak key or hash, too long a validity), judged at the packet's time.
-- denominator: leaf certificates shown. unobservable: endpoints (address and port) that spoke TLS and showed none, a
-- certificate each; low counts them as sound, high as failing. Complement: a probe, judged by `intransit certs --failing`.
-- From traffic alone.
-- {from}, {to}: when it happened, widened to whole hours. {provenances}: only sightings known so (observed, probed); an empty list takes all.
WITH
    endpoints AS
    (
        SELECT
            groupUniqArrayIf(leaf, is_told AND leaf != '') AS leaves,
            groupUniqArrayIf(leaf, is_told AND leaf != '' AND failing > 0) AS failing_leaves,
            sum(tls_flows) > 0 AND empty(leaves) AS is_hidden
        FROM
        (
            SELECT *, empty({provenances:Array(String)}) OR has({provenances:Array(String)}, 'observed') AS is_told
            FROM certificate_uses_in(from = {from:DateTime64(6, 'UTC')}, to = {to:DateTime64(6, 'UTC')})
        )
        GROUP BY server_ip, server_port
    )
SELECT
    'share' AS unit,
    uniqExactArray(failing_leaves) AS numerator,
    uniqExactArray(leaves) AS denominator,
    countIf(is_hidden) AS unobservable,
    numerator / nullIf(denominator + unobservable, 0) AS low,
    numerator / nullIf(denominator, 0) AS point,
    (numerator + unobservable) / nullIf(denominator + unobservable, 0) AS high
FROM endpoints
