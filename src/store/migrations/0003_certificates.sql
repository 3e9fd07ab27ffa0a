-- Certificates by the SHA-256 of their DER, which is kept. They have no TTL: a sensor reports one at first sight only.
CREATE TABLE IF NOT EXISTS certificates
(
    fingerprint_sha256 String,
    -- base64
    der String CODEC(ZSTD(3)),
    subject Nullable(String),
    issuer Nullable(String),
    serial_number Nullable(String),
    -- Seconds, because a certificate's time has no more (RFC 5280 §4.1.2.5).
    not_before Nullable(DateTime64(0, 'UTC')),
    not_after Nullable(DateTime64(0, 'UTC')),
    key_type LowCardinality(Nullable(String)),
    key_bits Nullable(UInt32),
    key_curve LowCardinality(Nullable(String)),
    signature_algorithm LowCardinality(Nullable(String)),
    signature_hash LowCardinality(Nullable(String)),
    is_ca Nullable(Bool),
    self_issued Bool,
    subject_alt_names Array(String),
    malformed LowCardinality(Nullable(String)),
    stored_at DateTime('UTC') DEFAULT now()
)
ENGINE = ReplacingMergeTree
ORDER BY fingerprint_sha256
SETTINGS non_replicated_deduplication_window = 1000;

-- Where a certificate was presented. `flows` is a set, not a sum, so that rows stored twice do not count twice.
-- role: who presented it. position: 0 = the leaf.
CREATE TABLE IF NOT EXISTS certificate_sightings
(
    fingerprint_sha256 String,
    role Enum8('server' = 1, 'client' = 2),
    server_ip IPv6,
    server_port UInt16,
    -- Empty = the client named none.
    server_name String,
    position SimpleAggregateFunction(min, UInt8),
    first_seen SimpleAggregateFunction(min, DateTime64(6, 'UTC')),
    last_seen SimpleAggregateFunction(max, DateTime64(6, 'UTC')),
    flows AggregateFunction(uniqCombined(12), FixedString(16)),
    stored_at SimpleAggregateFunction(max, DateTime('UTC')) DEFAULT now()
)
ENGINE = AggregatingMergeTree
ORDER BY (fingerprint_sha256, role, server_ip, server_port, server_name)
TTL stored_at + INTERVAL 400 DAY
SETTINGS non_replicated_deduplication_window = 1000;

CREATE MATERIALIZED VIEW IF NOT EXISTS flows_in_to_certificate_sightings TO certificate_sightings AS
SELECT
    presented.1 AS fingerprint_sha256,
    presented.2 AS role,
    f.server_ip AS server_ip,
    f.server_port AS server_port,
    ifNull(f.server_name, '') AS server_name,
    min(presented.3) AS position,
    min(f.first_seen) AS first_seen,
    max(f.last_seen) AS last_seen,
    uniqCombinedState(12)(toFixedString(unhex(f.flow_id), 16)) AS flows
FROM flows_in AS f
ARRAY JOIN arrayConcat(
    arrayMap((der, at) -> (der, 'server', toUInt8(least(at - 1, 255))), server_certificates, arrayEnumerate(server_certificates)),
    arrayMap((der, at) -> (der, 'client', toUInt8(least(at - 1, 255))), client_certificates, arrayEnumerate(client_certificates))
) AS presented
GROUP BY fingerprint_sha256, role, server_ip, server_port, server_name;
