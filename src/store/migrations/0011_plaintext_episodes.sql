-- Times in which an edge spoke plaintext, made anew of edge_days; jobs/plaintext-episodes.sql says what they are. 1970 = none.
-- fixed_at: the first encrypted flow of the proof that it is over. proven_at: the last flow of the day, or of the part of a day
-- before plaintext came again, on which the proof was whole.
CREATE TABLE IF NOT EXISTS plaintext_episodes
(
    generation UInt64 CODEC(Delta, ZSTD(1)),
    client_ip IPv6 CODEC(ZSTD(1)),
    server_ip IPv6 CODEC(ZSTD(1)),
    server_port UInt16 CODEC(ZSTD(1)),
    opened_at DateTime64(6, 'UTC') CODEC(Delta, ZSTD(1)),
    detected_at DateTime64(6, 'UTC') CODEC(ZSTD(1)),
    last_plaintext_at DateTime64(6, 'UTC') CODEC(ZSTD(1)),
    fixed_at DateTime64(6, 'UTC') CODEC(ZSTD(1)),
    proven_at DateTime64(6, 'UTC') CODEC(ZSTD(1)),
    last_seen DateTime64(6, 'UTC') CODEC(ZSTD(1)),
    client_zone LowCardinality(String),
    server_zone LowCardinality(String),
    services Array(String) CODEC(ZSTD(1)),
    sensors Array(LowCardinality(String)),
    protocols Array(LowCardinality(String)),
    packs Array(LowCardinality(String)),
    stored_at DateTime('UTC') DEFAULT now() CODEC(Delta, ZSTD(1))
)
ENGINE = ReplacingMergeTree(generation)
ORDER BY (opened_at, server_ip, server_port, client_ip)
TTL stored_at + INTERVAL 1830 DAY;

-- Those that began in [from, to], and what they are at its end, or now: resolved by proof; dormant, when the edge was silent for 7
-- days without it: fixed or gone, nobody can say; else open. Cut as kpi_rows.
CREATE VIEW IF NOT EXISTS kpi_episodes AS
WITH
    toUnixTimestamp64Micro(least({to:DateTime64(6, 'UTC')}, now64(6, 'UTC'))) AS asked_us,
    604800000000 AS silent_us
SELECT
    client_ip,
    server_ip,
    server_port,
    opened_at,
    detected_at,
    last_plaintext_at,
    fixed_at,
    proven_at,
    multiIf(
        toUnixTimestamp64Micro(proven_at) BETWEEN 1 AND asked_us, 'resolved',
        asked_us - toUnixTimestamp64Micro(last_seen) >= silent_us, 'dormant',
        'open'
    ) AS state
FROM plaintext_episodes
WHERE opened_at >= {from:DateTime64(6, 'UTC')} AND opened_at <= {to:DateTime64(6, 'UTC')}
    AND generation = (SELECT max(generation) FROM rollup_generations WHERE resolution = 'episodes')
    AND (
        empty({zones:Array(String)})
        OR has({zones:Array(String)}, client_zone)
        OR has({zones:Array(String)}, server_zone)
        OR has({zones:Array(String)}, concat(client_zone, '>', server_zone))
        OR (has({zones:Array(String)}, '!external') AND client_zone != 'external' AND server_zone != 'external')
    )
    AND (empty({services:Array(String)}) OR hasAny(services, {services:Array(String)}))
    AND (empty({sensors:Array(String)}) OR hasAny(sensors, {sensors:Array(String)}))
    AND (empty({protocols:Array(String)}) OR hasAny(protocols, {protocols:Array(String)}))
    AND (empty({packs:Array(String)}) OR hasAny(packs, {packs:Array(String)}));
