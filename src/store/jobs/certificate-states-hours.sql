-- Tells by hours when certificates at an endpoint began to break a rule, and ceased to. {periods} are the hours, in seconds since
-- 1970; {from} and {to} enclose them.
INSERT INTO certificate_states
WITH
    toDateTime64('1970-01-01 00:00:00', 6, 'UTC') AS never,
    -- was: how the one before it was; 2 = there is none in the hour.
    told AS
    (
        SELECT
            toDateTime64(intDiv(toUnixTimestamp64Micro(first_seen), 3600000000) * 3600, 0, 'UTC') AS hour,
            server_ip,
            server_port,
            ifNull(server_name, '') AS asked_for,
            first_seen AS happened_at,
            flow_id,
            toUInt8(arrayExists(one -> match(one, '/cert-[^/]+$'), violations)) AS is_failing,
            lagInFrame(is_failing, 1, 2) OVER (
                PARTITION BY hour, server_ip, server_port, asked_for ORDER BY first_seen, flow_id
                ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING
            ) AS was
        FROM flows FINAL
        WHERE first_seen >= {from:DateTime64(6, 'UTC')} AND first_seen < {to:DateTime64(6, 'UTC')}
            AND intDiv(toUnixTimestamp64Micro(first_seen), 3600000000) * 3600 IN (SELECT arrayJoin({periods:Array(Int64)}))
            AND server_certificates.size0 > 0
    ),
    changes AS
    (
        SELECT
            *,
            leadInFrame(happened_at, 1, never) OVER (
                PARTITION BY hour, server_ip, server_port, asked_for ORDER BY happened_at, flow_id
                ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING
            ) AS next_at
        FROM told
        WHERE is_failing != was
    )
SELECT
    'hour',
    hour,
    {generation:UInt64},
    server_ip,
    server_port,
    asked_for,
    min(happened_at),
    max(was = 2 AND is_failing = 1),
    minIf(happened_at, is_failing = 0),
    maxIf(happened_at, is_failing = 1 AND next_at = never),
    countIf(is_failing = 1 AND was = 0 AND next_at != never),
    sumIf(dateDiff('second', happened_at, next_at), is_failing = 1 AND was = 0 AND next_at != never),
    now()
FROM changes
GROUP BY hour, server_ip, server_port, asked_for
