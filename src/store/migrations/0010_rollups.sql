-- Sums over flows by minute, hour, day and month, without addresses; docs/decisions/0013-rollups.md says how they are made. A
-- flow counts where it began. period: the hour of minutes and hours, the day of days, the month of months: it is made whole or not
-- at all, and its rows are those of the generation that rollup_generations names. by_service: rows with the name of the service, of
-- flows that have one; the others count every flow. Empty text and 0 = not seen.
CREATE TABLE IF NOT EXISTS rollups
(
    resolution Enum8('minute' = 1, 'hour' = 2, 'day' = 3, 'month' = 4),
    period DateTime64(0, 'UTC') CODEC(Delta, ZSTD(1)),
    bucket DateTime64(0, 'UTC') CODEC(Delta, ZSTD(1)),
    generation UInt64 CODEC(Delta, ZSTD(1)),
    by_service Bool,
    sensor LowCardinality(String),
    policy LowCardinality(String),
    -- Packs of which a rule failed, with commas between them.
    failed_packs LowCardinality(String),
    client_zone LowCardinality(String),
    server_zone LowCardinality(String),
    service String CODEC(ZSTD(1)),
    app_protocol LowCardinality(String),
    transport LowCardinality(String),
    verdict Enum8('plaintext' = 1, 'weak' = 2, 'strong' = 3, 'opaque' = 4, 'unknown' = 5, 'exempt' = 6),
    tls_version UInt16,
    -- Key exchange: pq (post-quantum or hybrid), ecdhe, dhe, rsa, static, psk, anon, other.
    kx LowCardinality(String),
    -- As client_certificate of the flow record.
    mtls LowCardinality(String),
    -- Whether the client showed who it is: shown, hidden (it may have, inside encryption), none.
    auth LowCardinality(String),
    flows UInt64 CODEC(T64, ZSTD(1)),
    bytes UInt64 CODEC(T64, ZSTD(1)),
    tls_flows UInt64 CODEC(T64, ZSTD(1)),
    hellos UInt64 CODEC(T64, ZSTD(1)),
    resumption_known UInt64 CODEC(T64, ZSTD(1)),
    resumed UInt64 CODEC(T64, ZSTD(1)),
    hello_retries UInt64 CODEC(T64, ZSTD(1)),
    alpn_known UInt64 CODEC(T64, ZSTD(1)),
    -- HTTP/2 and HTTP/3, which put many requests on one connection.
    alpn_multiplexed UInt64 CODEC(T64, ZSTD(1)),
    full_handshakes UInt64 CODEC(T64, ZSTD(1)),
    chains UInt64 CODEC(T64, ZSTD(1)),
    -- Of three certificates at the most.
    chains_short UInt64 CODEC(T64, ZSTD(1)),
    leaves_known UInt64 CODEC(T64, ZSTD(1)),
    leaves_ec UInt64 CODEC(T64, ZSTD(1)),
    ech_offered UInt64 CODEC(T64, ZSTD(1)),
    ech_accepted UInt64 CODEC(T64, ZSTD(1)),
    -- A client certificate was asked for and the server ended the handshake over it (RFC 8446 §6.2).
    mtls_refused UInt64 CODEC(T64, ZSTD(1)),
    http_requests UInt64 CODEC(T64, ZSTD(1)),
    http_sigv4 UInt64 CODEC(T64, ZSTD(1)),
    tls_named UInt64 CODEC(T64, ZSTD(1)),
    tls_to_aws UInt64 CODEC(T64, ZSTD(1)),
    bearers UInt64 CODEC(T64, ZSTD(1)),
    bearers_accepted UInt64 CODEC(T64, ZSTD(1)),
    bearers_refused UInt64 CODEC(T64, ZSTD(1)),
    auth_attempts UInt64 CODEC(T64, ZSTD(1)),
    auth_successes UInt64 CODEC(T64, ZSTD(1)),
    auth_failures UInt64 CODEC(T64, ZSTD(1)),
    handshakes_timed UInt64 CODEC(T64, ZSTD(1)),
    handshake_us UInt64 CODEC(T64, ZSTD(1)),
    -- Of flows whose round trip was measured too: the time of the handshake, and of as many round trips.
    handshakes_beside_rtt UInt64 CODEC(T64, ZSTD(1)),
    handshake_us_beside_rtt UInt64 CODEC(T64, ZSTD(1)),
    rtt_us UInt64 CODEC(T64, ZSTD(1)),
    -- Hashes of (client address, server address, server port).
    edges AggregateFunction(uniqCombined64(14), UInt64) CODEC(ZSTD(1)),
    handshake_quantiles AggregateFunction(quantilesTDigest(0.5, 0.95), UInt32) CODEC(ZSTD(1)),
    stored_at DateTime('UTC') DEFAULT now() CODEC(Delta, ZSTD(1))
)
ENGINE = ReplacingMergeTree(generation)
PARTITION BY (resolution, toYYYYMM(bucket))
ORDER BY (
    by_service, resolution, bucket, sensor, policy, failed_packs, client_zone, server_zone, service, app_protocol,
    transport, verdict, tls_version, kx, mtls, auth
)
TTL stored_at + toIntervalDay(multiIf(resolution = 'minute', 35, resolution = 'hour', 400, 1830))
SETTINGS ttl_only_drop_parts = 1;

-- Which generation of a period holds: the latest.
CREATE TABLE IF NOT EXISTS rollup_generations
(
    resolution Enum8('minute' = 1, 'hour' = 2, 'day' = 3, 'month' = 4, 'edges' = 5, 'episodes' = 6),
    period DateTime64(0, 'UTC'),
    generation UInt64,
    stored_at DateTime('UTC') DEFAULT now()
)
ENGINE = ReplacingMergeTree(generation)
ORDER BY (resolution, period)
TTL stored_at + INTERVAL 1830 DAY;

-- What two addresses did at a port on a day: one row for an edge, a protocol and a sensor. Encrypted flows are told apart by
-- whether they began before the first plaintext flow of that day, or after the last.
CREATE TABLE IF NOT EXISTS edge_days
(
    day DateTime64(0, 'UTC') CODEC(Delta, ZSTD(1)),
    generation UInt64 CODEC(Delta, ZSTD(1)),
    sensor LowCardinality(String),
    policy LowCardinality(String),
    client_ip IPv6 CODEC(ZSTD(1)),
    server_ip IPv6 CODEC(ZSTD(1)),
    server_port UInt16 CODEC(ZSTD(1)),
    app_protocol LowCardinality(String),
    client_zone LowCardinality(String),
    server_zone LowCardinality(String),
    -- One of those seen.
    service String CODEC(ZSTD(1)),
    plaintext UInt64 CODEC(T64, ZSTD(1)),
    weak UInt64 CODEC(T64, ZSTD(1)),
    strong UInt64 CODEC(T64, ZSTD(1)),
    opaque UInt64 CODEC(T64, ZSTD(1)),
    unknown UInt64 CODEC(T64, ZSTD(1)),
    exempt UInt64 CODEC(T64, ZSTD(1)),
    bytes UInt64 CODEC(T64, ZSTD(1)),
    authenticated UInt64 CODEC(T64, ZSTD(1)),
    first_seen DateTime64(6, 'UTC') CODEC(Delta, ZSTD(1)),
    last_seen DateTime64(6, 'UTC') CODEC(Delta, ZSTD(1)),
    -- 1970 = none.
    first_plaintext DateTime64(6, 'UTC') CODEC(ZSTD(1)),
    last_plaintext DateTime64(6, 'UTC') CODEC(ZSTD(1)),
    encrypted_before UInt64 CODEC(T64, ZSTD(1)),
    last_encrypted_before DateTime64(6, 'UTC') CODEC(ZSTD(1)),
    encrypted_after UInt64 CODEC(T64, ZSTD(1)),
    first_encrypted_after DateTime64(6, 'UTC') CODEC(ZSTD(1)),
    last_encrypted_after DateTime64(6, 'UTC') CODEC(ZSTD(1)),
    stored_at DateTime('UTC') DEFAULT now() CODEC(Delta, ZSTD(1))
)
ENGINE = ReplacingMergeTree(generation)
PARTITION BY toYYYYMM(day)
ORDER BY (day, server_ip, server_port, client_ip, app_protocol, sensor, policy)
TTL stored_at + INTERVAL 400 DAY
SETTINGS ttl_only_drop_parts = 1;

-- When plaintext of an edge was first stored, of each day: what is replayed later changes nothing.
CREATE TABLE IF NOT EXISTS plaintext_detections
(
    day DateTime64(0, 'UTC'),
    client_ip IPv6,
    server_ip IPv6,
    server_port UInt16,
    first_seen SimpleAggregateFunction(min, DateTime64(6, 'UTC')),
    detected_at SimpleAggregateFunction(min, DateTime64(6, 'UTC')),
    stored_at SimpleAggregateFunction(max, DateTime('UTC')) DEFAULT now()
)
ENGINE = AggregatingMergeTree
ORDER BY (day, server_ip, server_port, client_ip)
TTL stored_at + INTERVAL 400 DAY
SETTINGS non_replicated_deduplication_window = 1000;

CREATE MATERIALIZED VIEW IF NOT EXISTS flows_in_to_plaintext_detections TO plaintext_detections AS
SELECT
    toDateTime64(intDiv(toUnixTimestamp64Micro(f.first_seen), 86400000000) * 86400, 0, 'UTC') AS day,
    f.client_ip AS client_ip,
    f.server_ip AS server_ip,
    f.server_port AS server_port,
    min(f.first_seen) AS first_seen,
    min(now64(6, 'UTC')) AS detected_at
FROM flows_in AS f
WHERE f.verdict = 'plaintext'
GROUP BY day, client_ip, server_ip, server_port;

-- Hours of which flows came since they were rolled up: marked_at, when an insert of them began, is after done_at.
CREATE TABLE IF NOT EXISTS rollup_marks
(
    hour DateTime64(0, 'UTC'),
    marked_at SimpleAggregateFunction(max, DateTime64(6, 'UTC')),
    done_at SimpleAggregateFunction(max, DateTime64(6, 'UTC')),
    edges_done_at SimpleAggregateFunction(max, DateTime64(6, 'UTC'))
)
ENGINE = AggregatingMergeTree
ORDER BY hour;

CREATE MATERIALIZED VIEW IF NOT EXISTS flows_in_to_rollup_marks TO rollup_marks AS
SELECT
    toDateTime64(intDiv(toUnixTimestamp64Micro(f.first_seen), 3600000000) * 3600, 0, 'UTC') AS hour,
    max(now64(6, 'UTC')) AS marked_at
FROM flows_in AS f
GROUP BY hour;

-- What sensors lost by the hour; a row of sensor_health that comes again is the same row, and is counted once.
CREATE TABLE IF NOT EXISTS health_hours
(
    hour DateTime64(0, 'UTC'),
    generation UInt64,
    sensor LowCardinality(String),
    dropped UInt64,
    received UInt64,
    stored_at DateTime('UTC') DEFAULT now()
)
ENGINE = ReplacingMergeTree(generation)
ORDER BY (hour, sensor)
TTL stored_at + INTERVAL 1830 DAY;

CREATE TABLE IF NOT EXISTS health_marks
(
    hour DateTime64(0, 'UTC'),
    marked_at SimpleAggregateFunction(max, DateTime64(6, 'UTC')),
    done_at SimpleAggregateFunction(max, DateTime64(6, 'UTC'))
)
ENGINE = AggregatingMergeTree
ORDER BY hour;

CREATE MATERIALIZED VIEW IF NOT EXISTS sensor_health_to_health_marks TO health_marks AS
SELECT
    toDateTime64(intDiv(toUnixTimestamp64Micro(window_start), 3600000000) * 3600, 0, 'UTC') AS hour,
    max(now64(6, 'UTC')) AS marked_at
FROM sensor_health
GROUP BY hour;

-- What the store held before there were rollups.
INSERT INTO rollup_marks (hour, marked_at)
SELECT DISTINCT toDateTime64(intDiv(toUnixTimestamp64Micro(first_seen), 3600000000) * 3600, 0, 'UTC') AS hour, now64(6, 'UTC')
FROM flows;

INSERT INTO health_marks (hour, marked_at)
SELECT DISTINCT toDateTime64(intDiv(toUnixTimestamp64Micro(window_start), 3600000000) * 3600, 0, 'UTC') AS hour, now64(6, 'UTC')
FROM sensor_health;

-- The rows of rollups that [from, to] takes: minutes up to six hours, hours up to two days, else days with hours at both
-- ends, and beyond 62 days months with days before and after; from and to are widened to whole ones. Of several generations the
-- one that holds. An empty list asks for nothing. zones: "a" = at either end, "a>b" = from a to b, "!external" = neither end is.
-- services are in small letters, protocols as in flows.sql.
CREATE VIEW IF NOT EXISTS kpi_rows AS
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

-- The same choice of the rows of edge_days, by whole days.
CREATE VIEW IF NOT EXISTS kpi_edges AS
SELECT *
FROM edge_days
WHERE day >= toDateTime64(intDiv(toUnixTimestamp64Micro({from:DateTime64(6, 'UTC')}), 86400000000) * 86400, 0, 'UTC')
    AND day <= {to:DateTime64(6, 'UTC')}
    AND (day, generation) IN (
        SELECT period, max(generation)
        FROM rollup_generations
        WHERE resolution = 'edges'
            AND period >= toDateTime64(intDiv(toUnixTimestamp64Micro({from:DateTime64(6, 'UTC')}), 86400000000) * 86400, 0, 'UTC')
            AND period <= {to:DateTime64(6, 'UTC')}
        GROUP BY period
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

-- How much of what a sensor received it dropped in the hours that overlap [from, to].
CREATE VIEW IF NOT EXISTS kpi_losses AS
SELECT sensor, sum(dropped) AS dropped, sum(received) AS received
FROM health_hours FINAL
WHERE hour >= toDateTime64(intDiv(toUnixTimestamp64Micro({from:DateTime64(6, 'UTC')}), 3600000000) * 3600, 0, 'UTC')
    AND hour <= {to:DateTime64(6, 'UTC')}
    AND (empty({sensors:Array(String)}) OR has({sensors:Array(String)}, sensor))
GROUP BY sensor;
