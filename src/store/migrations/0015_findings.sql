-- What is worth an alert: one row for a rule and a subject, replaced as it goes on, and what happened to it, kept.
-- Times are packet time. `flow_ids` are some of the flows that showed it; `query` shows them all.
CREATE TABLE IF NOT EXISTS findings
(
    key String,
    rule LowCardinality(String),
    name LowCardinality(String),
    severity LowCardinality(String),
    title LowCardinality(String),
    subject_kind LowCardinality(String),
    subject String,
    zone_pair LowCardinality(String),
    state LowCardinality(String),
    flapping Bool,
    what String CODEC(ZSTD(1)),
    must_fix LowCardinality(String),
    opened_at DateTime64(6, 'UTC'),
    first_seen DateTime64(6, 'UTC'),
    last_seen DateTime64(6, 'UTC'),
    resolved_at Nullable(DateTime64(6, 'UTC')),
    proof Nullable(String),
    acknowledged_by Nullable(String),
    acknowledged_at Nullable(DateTime64(6, 'UTC')),
    acknowledged_reason Nullable(String),
    exception_owner Nullable(String),
    exception_reason Nullable(String),
    exception_expires Nullable(String),
    flows UInt64,
    reopened UInt32,
    server_names Array(String),
    servers Array(String),
    clients Array(String),
    sensors Array(String),
    versions_offered Array(String),
    versions_chosen Array(String),
    cipher_suites Array(String),
    flow_ids Array(String),
    sensor_health LowCardinality(String),
    lost_ratio Float64,
    query String CODEC(ZSTD(1)),
    runbook LowCardinality(String),
    -- Of the writer; the highest is the latest.
    version UInt64,
    stored_at DateTime('UTC') DEFAULT now() CODEC(Delta, ZSTD(1))
)
ENGINE = ReplacingMergeTree(version)
ORDER BY key
TTL stored_at + INTERVAL 400 DAY
SETTINGS non_replicated_deduplication_window = 1000;

CREATE TABLE IF NOT EXISTS finding_events
(
    at DateTime64(6, 'UTC') CODEC(Delta, ZSTD(1)),
    kind LowCardinality(String),
    key String,
    rule LowCardinality(String),
    severity LowCardinality(String),
    state LowCardinality(String),
    what String CODEC(ZSTD(1)),
    flows UInt64,
    stored_at DateTime('UTC') DEFAULT now() CODEC(Delta, ZSTD(1))
)
ENGINE = ReplacingMergeTree
PARTITION BY toYYYYMM(at)
ORDER BY (at, key, kind)
TTL stored_at + INTERVAL 400 DAY
SETTINGS ttl_only_drop_parts = 1, non_replicated_deduplication_window = 1000;
