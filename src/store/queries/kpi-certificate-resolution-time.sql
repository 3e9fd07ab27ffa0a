-- Certificate validation failures: mean time to resolution (SEC09-BP01), per endpoint (server address, port and name).
-- From the first flow whose certificate broke a rule (cert-…) to the first flow there whose certificate broke none; each run of
-- failing flows between sound ones is a failure of its own. numerator: the sum of those times in seconds, of failures
-- resolved in the time. denominator: how many they are. point = the mean. unobservable: failures begun and not resolved by {to},
-- be they open or switched off. low = the lesser of point and the mean with their ages by {to}, or by the last
-- flow of all; high is unknown (NULL) where there are any, for nothing bounds them. Complement: tickets; a probe for endpoints without traffic.
-- From traffic alone.
-- {from}, {to}: when it happened, widened to whole hours. {provenances}: only sightings known so (observed, probed); an empty list takes all.
WITH
    toDateTime64('1970-01-01 00:00:00', 6, 'UTC') AS never,
    toDateTime64(intDiv(toUnixTimestamp64Micro({from:DateTime64(6, 'UTC')}), 3600000000) * 3600, 6, 'UTC') AS begins,
    -- When the flow ended that ended last. No flow that ended before the last hour in which one began did.
    (
        SELECT least(max(last_seen), {to:DateTime64(6, 'UTC')})
        FROM flows
        WHERE last_seen >= (SELECT max(hour) FROM rollup_marks)
    ) AS last_of_all,
    periods AS
    (
        SELECT *
        FROM certificate_states_until(from = {from:DateTime64(6, 'UTC')}, to = {to:DateTime64(6, 'UTC')})
        WHERE empty({provenances:Array(String)}) OR has({provenances:Array(String)}, 'observed')
    ),
    -- Of each period how it begins, its first sound flow, since when it fails at the end; and what was resolved in between.
    told AS
    (
        SELECT
            server_ip, server_port, server_name,
            change.1 AS happened_at,
            change.2 AS is_failing,
            change.3 AS place,
            if(is_asked AND place = 1, resolved, 0) AS within,
            if(is_asked AND place = 1, resolved_seconds, 0) AS within_seconds,
            lagInFrame(is_failing, 1, 0) OVER (
                PARTITION BY server_ip, server_port, server_name ORDER BY happened_at, place
                ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING
            ) AS was_failing
        FROM periods
        ARRAY JOIN arrayFilter(
            one -> one.1 != never,
            [
                (if(begins_failing, first_at, never), 1, 0),
                (first_sound_at, 0, 1),
                (if(first_sound_at != never, failing_since, never), 1, 2)
            ]
        ) AS change
    ),
    failures AS
    (
        SELECT
            is_failing,
            happened_at AS began,
            leadInFrame(happened_at, 1, never) OVER (
                PARTITION BY server_ip, server_port, server_name ORDER BY happened_at, place
                ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING
            ) AS resolved_at,
            within,
            within_seconds
        FROM told
        WHERE is_failing != was_failing OR within > 0
    )
SELECT
    'seconds' AS unit,
    sum(within_seconds) + sumIf(dateDiff('second', began, resolved_at), is_failing AND resolved_at != never AND resolved_at >= begins) AS numerator,
    sum(within) + countIf(is_failing AND resolved_at != never AND resolved_at >= begins) AS denominator,
    countIf(is_failing AND resolved_at = never) AS unobservable,
    least(
        point,
        (numerator + sumIf(dateDiff('second', began, last_of_all), is_failing AND resolved_at = never))
            / nullIf(denominator + unobservable, 0)
    ) AS low,
    numerator / nullIf(denominator, 0) AS point,
    if(unobservable = 0, point, NULL) AS high
FROM failures
