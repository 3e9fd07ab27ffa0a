-- What a sensor did in an interval, and what it did not see: counters are those of the interval alone. One row for a
-- sensor, a source (interface or file), a worker and an interval; a row that comes again replaces itself.
-- state, at the end of the interval: up; down = the interface was; gone = the source stopped early, its file is damaged
-- or its interface went away; ended = the source is at its end, or was closed.
CREATE TABLE IF NOT EXISTS sensor_health
(
    sensor LowCardinality(String),
    source LowCardinality(String),
    worker UInt16,
    window_start DateTime64(6, 'UTC') CODEC(Delta, ZSTD(1)),
    window_end DateTime64(6, 'UTC') CODEC(Delta, ZSTD(1)),
    state Enum8('up' = 1, 'down' = 2, 'gone' = 3, 'ended' = 4),
    frames_received UInt64 CODEC(T64, ZSTD(1)),
    wire_bytes UInt64 CODEC(T64, ZSTD(1)),
    -- Frames that the kernel had no room for; times that it stopped filling a ring; frames that the interface dropped.
    kernel_drops UInt64 CODEC(T64, ZSTD(1)),
    ring_freezes UInt64 CODEC(T64, ZSTD(1)),
    interface_drops UInt64 CODEC(T64, ZSTD(1)),
    -- Frames whose headers are cut short, contradict themselves or are of a kind that is not read.
    frames_not_decoded UInt64 CODEC(T64, ZSTD(1)),
    -- Datagrams whose fragments could not be joined.
    fragments_dropped UInt64 CODEC(T64, ZSTD(1)),
    flows_started UInt64 CODEC(T64, ZSTD(1)),
    flows_ended UInt64 CODEC(T64, ZSTD(1)),
    -- Ended, or no longer read, to make room.
    flows_evicted UInt64 CODEC(T64, ZSTD(1)),
    sessions_evicted UInt64 CODEC(T64, ZSTD(1)),
    malformed UInt64 CODEC(T64, ZSTD(1)),
    records UInt64 CODEC(T64, ZSTD(1)),
    -- Frames seen twice.
    duplicates UInt64 CODEC(T64, ZSTD(1)),
    stored_at DateTime('UTC') DEFAULT now() CODEC(Delta, ZSTD(1)),
    INDEX window_end_minmax window_end TYPE minmax GRANULARITY 1
)
ENGINE = ReplacingMergeTree
PARTITION BY toYYYYMM(window_start)
ORDER BY (window_start, sensor, source, worker)
TTL stored_at + INTERVAL 400 DAY
SETTINGS ttl_only_drop_parts = 1, non_replicated_deduplication_window = 1000;
