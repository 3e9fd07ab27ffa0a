-- Certificate validation failures: mean time to resolution (SEC09-BP01), per endpoint (server address, port and name).
-- From the first flow whose certificate broke a rule (cert-…) to the first flow there whose certificate broke none; each run of
-- failing flows between sound ones is a failure of its own. numerator: the sum of those times in seconds, of failures
-- resolved in the time. denominator: how many they are. point = the mean. unobservable: failures begun and not resolved by {to},
-- be they open or switched off. low = the lesser of point and the mean with their ages by {to}, or by the last
-- flow of all; high is unknown (NULL) where there are any, for nothing bounds them. Complement: tickets; a probe for endpoints without traffic.
-- From traffic alone.
-- {from}, {to}: when it happened. {provenances}: only sightings known so (observed, probed); an empty list takes all.
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
WHERE is_failing AND (resolved_at IS NULL OR resolved_at >= {from:DateTime64(6, 'UTC')})
