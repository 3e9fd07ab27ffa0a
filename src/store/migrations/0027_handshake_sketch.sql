-- Times of handshakes in the buckets of DDSketch (Masson et al. 2019, §2), in place of a t-digest: quantiles within 1 %, whatever the order
-- of adding up (docs/decisions/0029-handshake-sketch.md). handshake_buckets: 0 = 0 us, n = up to (1.01 / 0.99) ^ (n - 1) us and no longer in
-- the one before; those that have any, in order, and beside them how many each has. handshakes_sketched: how many all have. Rows that are
-- there have none until they are made anew, and never where their flows are gone.
ALTER TABLE rollups
    ADD COLUMN IF NOT EXISTS handshakes_sketched UInt64 CODEC(T64, ZSTD(1)) AFTER rtt_us,
    ADD COLUMN IF NOT EXISTS handshake_buckets Array(UInt16) CODEC(ZSTD(1)) AFTER handshakes_sketched,
    ADD COLUMN IF NOT EXISTS handshake_counts Array(UInt64) CODEC(ZSTD(1)) AFTER handshake_buckets,
    DROP COLUMN IF EXISTS handshake_quantiles;

-- A view keeps the columns it had when it was made.
-- The rows of rollups that [from, to] takes: minutes up to six hours, hours up to two days, else days with hours at both
-- ends, and beyond 62 days months with days before and after; from and to are widened to whole ones. Of several generations the
-- one that holds. An empty list asks for nothing. zones: "a" = at either end, "a>b" = from a to b, "!external" = neither end is.
-- services are in small letters, protocols as in flows.sql.
CREATE OR REPLACE VIEW kpi_rows AS
WITH
    toUnixTimestamp64Micro({from:DateTime64(6, 'UTC')}) AS from_us,
    toUnixTimestamp64Micro({to:DateTime64(6, 'UTC')}) AS to_us,
    multiIf(to_us - from_us <= 21600000000, 'minute', to_us - from_us <= 172800000000, 'hour', 'day') AS grain,
    to_us - from_us > 5356800000000 AS by_month,
    if(grain = 'minute', 60, 3600) AS grain_s,
    toDateTime64(intDiv(from_us, grain_s * 1000000) * grain_s, 0, 'UTC') AS begins,
    toDateTime64(intDiv(to_us, grain_s * 1000000) * grain_s + grain_s, 0, 'UTC') AS ends,
    toDateTime64(intDiv(from_us + 86399999999, 86400000000) * 86400, 0, 'UTC') AS first_day,
    toDateTime64(intDiv(to_us + 1000, 86400000000) * 86400, 0, 'UTC') AS end_day,
    -- Months since the year 0; without months both are the end of the days.
    toYear(first_day) * 12 + toMonth(first_day) - 1 + (toDayOfMonth(first_day) > 1) AS first_month_number,
    if(
        by_month,
        makeDateTime64(intDiv(first_month_number, 12), first_month_number % 12 + 1, 1, 0, 0, 0, 0, 0, 'UTC'),
        end_day
    ) AS first_month,
    if(by_month, makeDateTime64(toYear(end_day), toMonth(end_day), 1, 0, 0, 0, 0, 0, 'UTC'), end_day) AS end_month
SELECT *
FROM rollups
WHERE by_service = notEmpty({services:Array(String)})
    AND (
        (grain = 'minute' AND resolution = 'minute' AND bucket >= begins AND bucket < ends)
        OR (grain = 'hour' AND resolution = 'hour' AND bucket >= begins AND bucket < ends)
        OR (grain = 'day' AND resolution = 'hour' AND bucket >= begins AND bucket < first_day)
        OR (grain = 'day' AND resolution = 'hour' AND bucket >= end_day AND bucket < ends)
        OR (grain = 'day' AND resolution = 'day' AND bucket >= first_day AND bucket < first_month)
        OR (grain = 'day' AND resolution = 'day' AND bucket >= end_month AND bucket < end_day)
        OR (by_month AND resolution = 'month' AND bucket >= first_month AND bucket < end_month)
    )
    AND (resolution, period, generation) IN (
        SELECT
            CAST(resolution, 'Enum8(\'minute\' = 1, \'hour\' = 2, \'day\' = 3, \'month\' = 4)'),
            period,
            max(generation)
        FROM rollup_generations
        WHERE resolution IN ('minute', 'hour', 'day', 'month') AND period < ends
            AND period >= toDateTime64(intDiv(from_us, 3600000000) * 3600, 0, 'UTC')
            -- Hours are needed at the ends alone.
            AND (grain != 'day' OR resolution IN ('day', 'month') OR period < first_day OR period >= end_day)
            AND (NOT by_month OR resolution != 'day' OR period < first_month OR period >= end_month)
        GROUP BY resolution, period
    )
    AND (
        empty({zones:Array(String)})
        OR has({zones:Array(String)}, client_zone)
        OR has({zones:Array(String)}, server_zone)
        OR has({zones:Array(String)}, concat(client_zone, '>', server_zone))
        OR (has({zones:Array(String)}, '!external') AND client_zone != 'external' AND server_zone != 'external')
    )
    AND (empty({services:Array(String)}) OR has({services:Array(String)}, service))
    AND (empty({sensors:Array(String)}) OR has({sensors:Array(String)}, sensor))
    AND (empty({protocols:Array(String)}) OR has({protocols:Array(String)}, if(app_protocol = '', 'none', app_protocol)))
    AND (empty({packs:Array(String)}) OR hasAny(splitByChar(',', policy), {packs:Array(String)}));

-- Hours that still have flows: made anew with the sketch.
INSERT INTO rollup_marks (hour, marked_at)
SELECT DISTINCT toDateTime64(intDiv(toUnixTimestamp64Micro(first_seen), 3600000000) * 3600, 0, 'UTC') AS hour, now64(6, 'UTC')
FROM flows;
