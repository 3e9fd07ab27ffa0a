-- Joins certificate_states to the next coarser resolution: hours to days, days to months; each finer period as its latest generation
-- has it. {periods} are the ones to make, in seconds since 1970; {from} and {to} enclose them.
INSERT INTO certificate_states
WITH
    toDateTime64('1970-01-01 00:00:00', 6, 'UTC') AS never,
    finer AS
    (
        SELECT
            *,
            if(
                {coarser:String} = 'day',
                toDateTime64(intDiv(toUnixTimestamp64Second(period), 86400) * 86400, 0, 'UTC'),
                makeDateTime64(toYear(period), toMonth(period), 1, 0, 0, 0, 0, 0, 'UTC')
            ) AS coarse
        FROM certificate_states
        WHERE resolution = {finer:String} AND period >= {from:DateTime64(6, 'UTC')} AND period < {to:DateTime64(6, 'UTC')}
            AND toUnixTimestamp64Second(coarse) IN (SELECT arrayJoin({periods:Array(Int64)}))
            AND (period, generation) IN (
                SELECT period, max(generation)
                FROM rollup_generations
                WHERE resolution = {finer:String} AND period >= {from:DateTime64(6, 'UTC')} AND period < {to:DateTime64(6, 'UTC')}
                GROUP BY period
            )
    ),
    -- Of a period what its neighbours need: how it begins, its first sound flow, since when it fails at the end.
    told AS
    (
        SELECT
            coarse, server_ip, server_port, server_name,
            change.1 AS happened_at,
            change.2 AS is_failing,
            change.3 AS place,
            lagInFrame(is_failing, 1, 2) OVER (
                PARTITION BY coarse, server_ip, server_port, server_name ORDER BY happened_at, place
                ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING
            ) AS was
        FROM finer
        ARRAY JOIN arrayFilter(
            one -> one.1 != never,
            [
                (if(begins_failing, first_at, never), 1, 0),
                (first_sound_at, 0, 1),
                (if(first_sound_at != never, failing_since, never), 1, 2)
            ]
        ) AS change
    ),
    changes AS
    (
        SELECT
            *,
            leadInFrame(happened_at, 1, never) OVER (
                PARTITION BY coarse, server_ip, server_port, server_name ORDER BY happened_at, place
                ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING
            ) AS next_at
        FROM told
        WHERE is_failing != was
    ),
    joined AS
    (
        SELECT
            coarse, server_ip, server_port, server_name,
            min(happened_at) AS first_told,
            max(was = 2 AND is_failing = 1) AS is_bad_first,
            minIf(happened_at, is_failing = 0) AS sound_told,
            maxIf(happened_at, is_failing = 1 AND next_at = never) AS failing_told,
            countIf(is_failing = 1 AND was = 0 AND next_at != never) AS resolved_across,
            sumIf(dateDiff('second', happened_at, next_at), is_failing = 1 AND was = 0 AND next_at != never) AS seconds_across
        FROM changes
        GROUP BY coarse, server_ip, server_port, server_name
    ),
    inside AS
    (
        SELECT coarse, server_ip, server_port, server_name, sum(resolved) AS resolved_inside, sum(resolved_seconds) AS seconds_inside
        FROM finer
        GROUP BY coarse, server_ip, server_port, server_name
    )
SELECT
    {coarser:String},
    j.coarse,
    {generation:UInt64},
    j.server_ip,
    j.server_port,
    j.server_name,
    first_told,
    is_bad_first,
    sound_told,
    failing_told,
    resolved_across + resolved_inside,
    seconds_across + seconds_inside,
    now()
FROM joined AS j
INNER JOIN inside AS i
    ON i.coarse = j.coarse AND i.server_ip = j.server_ip AND i.server_port = j.server_port AND i.server_name = j.server_name
