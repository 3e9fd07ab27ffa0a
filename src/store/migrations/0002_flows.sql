-- Flow records come in here in the vocabulary of the JSON lines; the views below carry them into the tables that keep
-- them. What a line leaves out was not seen: NULL, an empty list, or false for marks that only lines with them carry.
CREATE TABLE IF NOT EXISTS flows_in
(
    flow_id String,
    sensor String,
    policy String,
    source String,
    first_seen DateTime64(6, 'UTC'),
    last_seen DateTime64(6, 'UTC'),
    transport String,
    client_ip IPv6,
    client_port UInt16,
    server_ip IPv6,
    server_port UInt16,
    increment UInt16,
    vni Nullable(UInt32),
    vlan Nullable(UInt16),
    tunnel Nullable(String),
    packets_client UInt64,
    packets_server UInt64,
    bytes_client UInt64,
    bytes_server UInt64,
    rtt_us Nullable(UInt32),
    visibility String,
    app_protocol Nullable(String),
    upgrade Nullable(String),
    verdict String,
    violations Array(String),
    reason Nullable(String),
    credentials_exposed Array(String),
    alerts Array(String),
    server_name Nullable(String),
    tls_version Nullable(UInt16),
    tls_version_name Nullable(String),
    cipher_suite Nullable(UInt32),
    cipher_suite_name Nullable(String),
    named_group Nullable(UInt16),
    named_group_name Nullable(String),
    dh_bits Nullable(UInt32),
    alpn Nullable(String),
    ja3 Nullable(String),
    ja3s Nullable(String),
    ja4 Nullable(String),
    hello_retry Nullable(Bool),
    resumed Nullable(Bool),
    early_data Bool,
    ech Nullable(String),
    client_certificate Nullable(String),
    downgrade_sentinel Nullable(String),
    ocsp_staple Bool,
    compression_method Nullable(UInt8),
    renegotiation Bool,
    server_certificates Array(String),
    client_certificates Array(String),
    http_method Nullable(String),
    http_host Nullable(String),
    http_status Nullable(UInt16),
    http_redirects_to_https Bool,
    http_hsts Bool,
    http_cookies_set UInt32,
    http_cookies_insecure UInt32,
    handshake_us Nullable(UInt32),
    offered_versions Array(UInt16),
    offered_cipher_suites Array(UInt32),
    offered_groups Array(UInt16),
    offered_signature_schemes Array(UInt16),
    offered_alpn Array(String),
    -- JA3 is left out of the hash: clients that shuffle their extensions have a new one in every connection.
    client_hello_hash Nullable(UInt64) DEFAULT if(
        empty(offered_cipher_suites),
        NULL,
        cityHash64(
            offered_versions, offered_cipher_suites, offered_groups, offered_signature_schemes, offered_alpn
        )
    )
)
ENGINE = Null;

-- One row a flow: a later increment of a flow replaces the one before, whose counters it contains, and a replayed flow
-- replaces itself. `flow_id` hashes `first_seen`, so both parts of the key stay the same for the life of a flow.
CREATE TABLE IF NOT EXISTS flows
(
    flow_id FixedString(16),
    sensor LowCardinality(String),
    policy LowCardinality(String),
    source LowCardinality(String),
    first_seen DateTime64(6, 'UTC') CODEC(Delta, ZSTD(1)),
    last_seen DateTime64(6, 'UTC') CODEC(Delta, ZSTD(1)),
    transport LowCardinality(String),
    client_ip IPv6 CODEC(ZSTD(1)),
    client_port UInt16 CODEC(ZSTD(1)),
    server_ip IPv6 CODEC(ZSTD(1)),
    server_port UInt16 CODEC(ZSTD(1)),
    increment UInt16 CODEC(T64, ZSTD(1)),
    vni Nullable(UInt32) CODEC(ZSTD(1)),
    vlan Nullable(UInt16) CODEC(ZSTD(1)),
    tunnel LowCardinality(Nullable(String)),
    packets_client UInt64 CODEC(T64, ZSTD(1)),
    packets_server UInt64 CODEC(T64, ZSTD(1)),
    bytes_client UInt64 CODEC(T64, ZSTD(1)),
    bytes_server UInt64 CODEC(T64, ZSTD(1)),
    rtt_us Nullable(UInt32) CODEC(ZSTD(1)),
    visibility Enum8('both' = 1, 'client_only' = 2, 'server_only' = 3),
    app_protocol LowCardinality(Nullable(String)),
    upgrade LowCardinality(Nullable(String)),
    verdict Enum8('plaintext' = 1, 'weak' = 2, 'strong' = 3, 'opaque' = 4, 'unknown' = 5, 'exempt' = 6),
    violations Array(LowCardinality(String)),
    reason LowCardinality(Nullable(String)),
    credentials_exposed Array(LowCardinality(String)),
    alerts Array(LowCardinality(String)),
    server_name Nullable(String) CODEC(ZSTD(1)),
    tls_version Nullable(UInt16) CODEC(ZSTD(1)),
    tls_version_name LowCardinality(Nullable(String)),
    cipher_suite Nullable(UInt32) CODEC(ZSTD(1)),
    cipher_suite_name LowCardinality(Nullable(String)),
    named_group Nullable(UInt16) CODEC(ZSTD(1)),
    named_group_name LowCardinality(Nullable(String)),
    dh_bits Nullable(UInt32) CODEC(ZSTD(1)),
    alpn LowCardinality(Nullable(String)),
    ja3 Nullable(String) CODEC(ZSTD(1)),
    ja3s LowCardinality(Nullable(String)),
    ja4 LowCardinality(Nullable(String)),
    hello_retry Nullable(Bool),
    resumed Nullable(Bool),
    early_data Bool,
    ech LowCardinality(Nullable(String)),
    client_certificate LowCardinality(Nullable(String)),
    downgrade_sentinel LowCardinality(Nullable(String)),
    ocsp_staple Bool,
    compression_method Nullable(UInt8),
    renegotiation Bool,
    server_certificates Array(LowCardinality(String)),
    client_certificates Array(LowCardinality(String)),
    http_method LowCardinality(Nullable(String)),
    http_host Nullable(String) CODEC(ZSTD(1)),
    http_status Nullable(UInt16) CODEC(ZSTD(1)),
    http_redirects_to_https Bool,
    http_hsts Bool,
    http_cookies_set UInt32 CODEC(T64, ZSTD(1)),
    http_cookies_insecure UInt32 CODEC(T64, ZSTD(1)),
    handshake_us Nullable(UInt32) CODEC(ZSTD(1)),
    client_hello_hash Nullable(UInt64) CODEC(ZSTD(1)),
    stored_at DateTime('UTC') DEFAULT now() CODEC(Delta, ZSTD(1)),
    INDEX last_seen_minmax last_seen TYPE minmax GRANULARITY 1
)
ENGINE = ReplacingMergeTree(increment)
PARTITION BY toYYYYMM(first_seen)
ORDER BY (first_seen, flow_id)
-- Counted from when a row was stored: a capture of years ago must not vanish the moment it is replayed.
TTL stored_at + INTERVAL 400 DAY
SETTINGS ttl_only_drop_parts = 1, non_replicated_deduplication_window = 1000;

CREATE MATERIALIZED VIEW IF NOT EXISTS flows_in_to_flows TO flows AS
SELECT
    * EXCEPT (
        flow_id, offered_versions, offered_cipher_suites, offered_groups, offered_signature_schemes, offered_alpn
    ),
    toFixedString(unhex(flow_id), 16) AS flow_id
FROM flows_in;

-- What clients offered, once for each distinct offer. A flow names its offer by `client_hello_hash` and `ja4`: the hash
-- is fast and could be forged, JA4 holds SHA-256 of most of the same lists.
CREATE TABLE IF NOT EXISTS client_hellos
(
    client_hello_hash UInt64,
    -- Empty = none, as for SSLv2.
    ja4 String,
    offered_versions SimpleAggregateFunction(any, Array(UInt16)) CODEC(ZSTD(1)),
    offered_cipher_suites SimpleAggregateFunction(any, Array(UInt32)) CODEC(ZSTD(1)),
    offered_groups SimpleAggregateFunction(any, Array(UInt16)) CODEC(ZSTD(1)),
    offered_signature_schemes SimpleAggregateFunction(any, Array(UInt16)) CODEC(ZSTD(1)),
    offered_alpn SimpleAggregateFunction(any, Array(String)) CODEC(ZSTD(1)),
    first_seen SimpleAggregateFunction(min, DateTime64(6, 'UTC')),
    last_seen SimpleAggregateFunction(max, DateTime64(6, 'UTC')),
    stored_at SimpleAggregateFunction(max, DateTime('UTC')) DEFAULT now()
)
ENGINE = AggregatingMergeTree
ORDER BY (client_hello_hash, ja4)
TTL stored_at + INTERVAL 400 DAY
SETTINGS non_replicated_deduplication_window = 1000;

CREATE MATERIALIZED VIEW IF NOT EXISTS flows_in_to_client_hellos TO client_hellos AS
SELECT
    assumeNotNull(f.client_hello_hash) AS client_hello_hash,
    ifNull(f.ja4, '') AS ja4,
    any(f.offered_versions) AS offered_versions,
    any(f.offered_cipher_suites) AS offered_cipher_suites,
    any(f.offered_groups) AS offered_groups,
    any(f.offered_signature_schemes) AS offered_signature_schemes,
    any(f.offered_alpn) AS offered_alpn,
    min(f.first_seen) AS first_seen,
    max(f.last_seen) AS last_seen
FROM flows_in AS f
WHERE f.client_hello_hash IS NOT NULL
GROUP BY f.client_hello_hash, f.ja4;
