-- What servers showed at each endpoint, by hour, day and month, made and published with the rollups of those periods (0010, and
-- docs/decisions/0023-store-at-scale.md). A flow counts where it began.

-- By certificate. leaf: its SHA-256 in hex, empty for flows of TLS that showed none.
CREATE TABLE IF NOT EXISTS certificate_uses
(
    resolution Enum8('hour' = 2, 'day' = 3, 'month' = 4),
    period DateTime64(0, 'UTC') CODEC(Delta, ZSTD(1)),
    generation UInt64 CODEC(Delta, ZSTD(1)),
    server_ip IPv6 CODEC(ZSTD(1)),
    server_port UInt16 CODEC(ZSTD(1)),
    leaf LowCardinality(String) CODEC(ZSTD(1)),
    -- Flows whose version of TLS was seen.
    tls_flows UInt64 CODEC(T64, ZSTD(1)),
    -- The last flow that showed it and completed its handshake; 1970 = none.
    completed_at DateTime64(6, 'UTC') CODEC(T64, ZSTD(1)),
    -- Flows that broke a rule on certificates.
    failing UInt64 CODEC(T64, ZSTD(1)),
    -- Full handshakes whose alerts are encrypted; the others that showed a certificate; those of them whose client refused it.
    hidden UInt64 CODEC(T64, ZSTD(1)),
    answerable UInt64 CODEC(T64, ZSTD(1)),
    refused UInt64 CODEC(T64, ZSTD(1)),
    stored_at DateTime('UTC') DEFAULT now() CODEC(Delta, ZSTD(1))
)
ENGINE = ReplacingMergeTree(generation)
PARTITION BY (resolution, toYYYYMM(period))
ORDER BY (resolution, period, server_ip, server_port, leaf)
TTL stored_at + toIntervalDay(if(resolution = 'hour', 400, 1830))
SETTINGS ttl_only_drop_parts = 1;

-- Whether certificates at an endpoint and under a name were sound or broke a rule, one flow after the other: what a period's flows
-- tell without those before and after it. A failure is a run of failing flows; it is resolved by the next sound one.
-- 1970 = none.
CREATE TABLE IF NOT EXISTS certificate_states
(
    resolution Enum8('hour' = 2, 'day' = 3, 'month' = 4),
    period DateTime64(0, 'UTC') CODEC(Delta, ZSTD(1)),
    generation UInt64 CODEC(Delta, ZSTD(1)),
    server_ip IPv6 CODEC(ZSTD(1)),
    server_port UInt16 CODEC(ZSTD(1)),
    -- Empty = the client named none.
    server_name String CODEC(ZSTD(1)),
    first_at DateTime64(6, 'UTC') CODEC(T64, ZSTD(1)),
    begins_failing Bool,
    first_sound_at DateTime64(6, 'UTC') CODEC(T64, ZSTD(1)),
    -- Since when it fails at the end.
    failing_since DateTime64(6, 'UTC') CODEC(T64, ZSTD(1)),
    -- Failures that began after a sound flow of the period and were resolved in it, and the seconds they took.
    resolved UInt64 CODEC(T64, ZSTD(1)),
    resolved_seconds UInt64 CODEC(T64, ZSTD(1)),
    stored_at DateTime('UTC') DEFAULT now() CODEC(Delta, ZSTD(1))
)
ENGINE = ReplacingMergeTree(generation)
PARTITION BY (resolution, toYYYYMM(period))
ORDER BY (resolution, period, server_ip, server_port, server_name)
TTL stored_at + toIntervalDay(if(resolution = 'hour', 400, 1830))
SETTINGS ttl_only_drop_parts = 1;

-- The rows of certificate_uses that [from, to] takes: hours up to two days, else days with hours at both ends, and beyond 62 days months
-- with days before and after; from and to are widened to whole hours. Of several generations the one that holds.
CREATE VIEW IF NOT EXISTS certificate_uses_in AS
WITH
    toUnixTimestamp64Micro({from:DateTime64(6, 'UTC')}) AS from_us,
    toUnixTimestamp64Micro({to:DateTime64(6, 'UTC')}) AS to_us,
    to_us - from_us > 172800000000 AS by_day,
    to_us - from_us > 5356800000000 AS by_month,
    toDateTime64(intDiv(from_us, 3600000000) * 3600, 0, 'UTC') AS begins,
    toDateTime64(intDiv(to_us, 3600000000) * 3600 + 3600, 0, 'UTC') AS ends,
    if(by_day, toDateTime64(intDiv(from_us + 86399999999, 86400000000) * 86400, 0, 'UTC'), ends) AS first_day,
    if(by_day, toDateTime64(intDiv(to_us + 1000, 86400000000) * 86400, 0, 'UTC'), ends) AS end_day,
    -- Months since the year 0; without months both are the end of the days.
    toYear(first_day) * 12 + toMonth(first_day) - 1 + (toDayOfMonth(first_day) > 1) AS first_month_number,
    if(
        by_month,
        makeDateTime64(intDiv(first_month_number, 12), first_month_number % 12 + 1, 1, 0, 0, 0, 0, 0, 'UTC'),
        end_day
    ) AS first_month,
    if(by_month, makeDateTime64(toYear(end_day), toMonth(end_day), 1, 0, 0, 0, 0, 0, 'UTC'), end_day) AS end_month
SELECT *
FROM certificate_uses
WHERE (
        (resolution = 'hour' AND period >= begins AND period < first_day)
        OR (resolution = 'hour' AND period >= end_day AND period < ends)
        OR (resolution = 'day' AND period >= first_day AND period < first_month)
        OR (resolution = 'day' AND period >= end_month AND period < end_day)
        OR (resolution = 'month' AND period >= first_month AND period < end_month)
    )
    AND (resolution, period, generation) IN (
        SELECT CAST(resolution, 'Enum8(\'hour\' = 2, \'day\' = 3, \'month\' = 4)'), period, max(generation)
        FROM rollup_generations
        WHERE resolution IN ('hour', 'day', 'month') AND period >= begins AND period < ends
            AND (resolution != 'hour' OR period < first_day OR period >= end_day)
            AND (resolution != 'day' OR period < first_month OR period >= end_month)
        GROUP BY resolution, period
    );

-- The rows of certificate_states of all that began by {to}, cut at {from}; both are widened to whole hours. is_asked: from {from} on.
CREATE VIEW IF NOT EXISTS certificate_states_until AS
WITH
    toUnixTimestamp64Micro({from:DateTime64(6, 'UTC')}) AS from_us,
    toUnixTimestamp64Micro({to:DateTime64(6, 'UTC')}) AS to_us,
    to_us - from_us > 172800000000 AS by_day,
    to_us - from_us > 5356800000000 AS by_month,
    toDateTime64(intDiv(from_us, 3600000000) * 3600, 0, 'UTC') AS begins,
    toDateTime64(intDiv(to_us, 3600000000) * 3600 + 3600, 0, 'UTC') AS ends,
    -- The day and the month that {from} is in: before them whole ones.
    toDateTime64(intDiv(from_us, 86400000000) * 86400, 0, 'UTC') AS day_before,
    makeDateTime64(toYear(begins), toMonth(begins), 1, 0, 0, 0, 0, 0, 'UTC') AS month_before,
    if(by_day, toDateTime64(intDiv(from_us + 86399999999, 86400000000) * 86400, 0, 'UTC'), ends) AS first_day,
    if(by_day, toDateTime64(intDiv(to_us + 1000, 86400000000) * 86400, 0, 'UTC'), ends) AS end_day,
    toYear(first_day) * 12 + toMonth(first_day) - 1 + (toDayOfMonth(first_day) > 1) AS first_month_number,
    if(
        by_month,
        makeDateTime64(intDiv(first_month_number, 12), first_month_number % 12 + 1, 1, 0, 0, 0, 0, 0, 'UTC'),
        end_day
    ) AS first_month,
    if(by_month, makeDateTime64(toYear(end_day), toMonth(end_day), 1, 0, 0, 0, 0, 0, 'UTC'), end_day) AS end_month
SELECT *, period >= begins AS is_asked
FROM certificate_states
WHERE (
        (resolution = 'month' AND period < month_before)
        OR (resolution = 'day' AND period >= month_before AND period < day_before)
        OR (resolution = 'hour' AND period >= day_before AND period < first_day)
        OR (resolution = 'hour' AND period >= end_day AND period < ends)
        OR (resolution = 'day' AND period >= first_day AND period < first_month)
        OR (resolution = 'day' AND period >= end_month AND period < end_day)
        OR (resolution = 'month' AND period >= first_month AND period < end_month)
    )
    AND (resolution, period, generation) IN (
        SELECT CAST(resolution, 'Enum8(\'hour\' = 2, \'day\' = 3, \'month\' = 4)'), period, max(generation)
        FROM rollup_generations
        WHERE resolution IN ('hour', 'day', 'month') AND period < ends
            AND (resolution != 'hour' OR (period >= day_before AND period < first_day) OR period >= end_day)
            AND (resolution != 'day' OR (period >= month_before AND period < first_month) OR period >= end_month)
        GROUP BY resolution, period
    );

-- What the store held before, and what is rolled up already: made anew with these beside it.
INSERT INTO rollup_marks (hour, marked_at)
SELECT DISTINCT toDateTime64(intDiv(toUnixTimestamp64Micro(first_seen), 3600000000) * 3600, 0, 'UTC') AS hour, now64(6, 'UTC')
FROM flows;
