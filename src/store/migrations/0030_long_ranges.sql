-- Rows of months with the names of services lie in a partition of their own, a year in each: in few rows one index mark takes in both
-- kinds, and who asked for one read the other as well, with four times as many times of handshakes. Their bucket is a day of February, the
-- first for January, where the others' is one of January (0029).
-- Beyond 62 days the hours at both ends are no longer read: they were nearly half of the rows of a year that ends within a day.
--
-- The rows of rollups that [from, to] takes: minutes up to six hours, hours up to two days, days with hours at both ends
-- up to 62, else months with days before and after; from and to are widened to whole ones. Of several generations the
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
    toDateTime64(intDiv(from_us, 3600000000) * 3600, 0, 'UTC') AS first_hour,
    -- Days that hours stand beside lie in the range, others enclose it.
    toDateTime64(intDiv(from_us + if(by_month, 0, 86399999999), 86400000000) * 86400, 0, 'UTC') AS first_day,
    toDateTime64(intDiv(to_us + if(by_month, 86399999999, 1000), 86400000000) * 86400, 0, 'UTC') AS end_day,
    -- Months since the year 0; without months both are the end of the days.
    toYear(first_day) * 12 + toMonth(first_day) - 1 + (toDayOfMonth(first_day) > 1) AS first_month_number,
    if(
        by_month,
        makeDateTime64(intDiv(first_month_number, 12), first_month_number % 12 + 1, 1, 0, 0, 0, 0, 0, 'UTC'),
        end_day
    ) AS first_month,
    if(by_month, makeDateTime64(toYear(end_day), toMonth(end_day), 1, 0, 0, 0, 0, 0, 'UTC'), end_day) AS end_month,
    makeDateTime64(toYear(first_month), 1, 1, 0, 0, 0, 0, 0, 'UTC') AS first_year
SELECT *
FROM rollups
WHERE by_service = notEmpty({services:Array(String)})
    AND (
        (grain = 'minute' AND resolution = 'minute' AND bucket >= begins AND bucket < ends)
        OR (grain = 'hour' AND resolution = 'hour' AND bucket >= begins AND bucket < ends)
        OR (grain = 'day' AND NOT by_month AND resolution = 'hour' AND bucket >= begins AND bucket < first_day)
        OR (grain = 'day' AND NOT by_month AND resolution = 'hour' AND bucket >= end_day AND bucket < ends)
        OR (grain = 'day' AND resolution = 'day' AND bucket >= first_day AND bucket < first_month)
        OR (grain = 'day' AND resolution = 'day' AND bucket >= end_month AND bucket < end_day)
        -- Also months that were made before these schemas, whose bucket is their beginning.
        OR (
            by_month AND resolution = 'month' AND bucket >= first_year AND bucket < addMonths(end_month, 1)
            AND period >= first_month AND period < end_month
        )
    )
    AND (resolution, period, generation) IN (
        SELECT
            CAST(resolution, 'Enum8(\'minute\' = 1, \'hour\' = 2, \'day\' = 3, \'month\' = 4)'),
            period,
            max(generation)
        FROM rollup_generations
        -- Of the same ranges as the rows: others are not even read.
        WHERE (grain IN ('minute', 'hour') AND resolution = grain AND period >= first_hour AND period < ends)
            OR (grain = 'day' AND NOT by_month AND resolution = 'hour' AND period >= begins AND period < first_day)
            OR (grain = 'day' AND NOT by_month AND resolution = 'hour' AND period >= end_day AND period < ends)
            OR (grain = 'day' AND resolution = 'day' AND period >= first_day AND period < first_month)
            OR (grain = 'day' AND resolution = 'day' AND period >= end_month AND period < end_day)
            OR (by_month AND resolution = 'month' AND period >= first_month AND period < end_month)
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
