-- Version 30: what all migrations make together. Made of them by: npm run schema

CREATE TABLE IF NOT EXISTS certificate_chains
(
    `chain_hash` String,
    `role` Enum8('server' = 1, 'client' = 2),
    `server_ip` IPv6,
    `server_port` UInt16,
    `server_name` String,
    `chain` SimpleAggregateFunction(any, Array(String)),
    `first_shown` SimpleAggregateFunction(min, DateTime64(6, 'UTC')),
    `last_shown` SimpleAggregateFunction(max, DateTime64(6, 'UTC')),
    `stored_at` SimpleAggregateFunction(max, DateTime('UTC')) DEFAULT now(),
    `provenance` Enum8('observed' = 0, 'probed' = 1, 'imported' = 2, 'inferred' = 3)
)
ENGINE = AggregatingMergeTree
PRIMARY KEY (chain_hash, role, server_ip, server_port, server_name)
ORDER BY (chain_hash, role, server_ip, server_port, server_name, provenance)
TTL stored_at + toIntervalDay(400)
SETTINGS non_replicated_deduplication_window = 1000, index_granularity = 8192;

CREATE TABLE IF NOT EXISTS certificate_imports
(
    `source` LowCardinality(String),
    `item` String,
    `fingerprint_sha256` String,
    `serial_number` String,
    `subject` Nullable(String),
    `issuer` Nullable(String),
    `subject_alt_names` Array(String),
    `not_before` Nullable(DateTime64(0, 'UTC')),
    `not_after` Nullable(DateTime64(0, 'UTC')),
    `issued_at` Nullable(DateTime64(0, 'UTC')),
    `revoked_at` Nullable(DateTime64(0, 'UTC')),
    `revocation_reason` LowCardinality(Nullable(String)),
    `authority` LowCardinality(Nullable(String)),
    `automated` Nullable(Bool),
    `renewal_status` LowCardinality(Nullable(String)),
    `imported_at` DateTime64(6, 'UTC'),
    `provenance` Enum8('observed' = 0, 'probed' = 1, 'imported' = 2, 'inferred' = 3) DEFAULT 'imported',
    `authority_status` LowCardinality(Nullable(String)),
    `authority_type` LowCardinality(Nullable(String)),
    `key_algorithm` LowCardinality(Nullable(String)),
    `signing_algorithm` LowCardinality(Nullable(String)),
    `usage_mode` LowCardinality(Nullable(String)),
    `revokes_by_ocsp` Nullable(Bool),
    `revokes_by_crl` Nullable(Bool)
)
ENGINE = ReplacingMergeTree(imported_at)
ORDER BY (source, item, fingerprint_sha256, serial_number)
SETTINGS non_replicated_deduplication_window = 1000, index_granularity = 8192;

CREATE TABLE IF NOT EXISTS certificate_judgements
(
    `chain_hash` String,
    `role` Enum8('server' = 1, 'client' = 2),
    `server_ip` IPv6,
    `server_port` UInt16,
    `server_name` String,
    `leaf` String,
    `first_shown` DateTime64(6, 'UTC'),
    `last_shown` DateTime64(6, 'UTC'),
    `anchor` Enum8('none' = 0, 'public' = 1, 'private' = 2),
    `path` Array(String),
    `path_names` Array(String),
    `path_from` Array(Enum8('sent' = 1, 'seen' = 2, 'root' = 3)),
    `revocation` Enum8('unknown' = 0, 'good' = 1, 'revoked' = 2),
    `revocation_from` Enum8('none' = 0, 'stapled' = 1, 'given-list' = 2, 'fetched-ocsp' = 3, 'fetched-list' = 4),
    `faults` Array(LowCardinality(String)),
    `tolerated` Array(LowCardinality(String)),
    `basis` LowCardinality(String),
    `authorities` UInt64,
    `judged_at` DateTime64(3, 'UTC'),
    `provenance` Enum8('observed' = 0, 'probed' = 1, 'imported' = 2, 'inferred' = 3)
)
ENGINE = ReplacingMergeTree(judged_at)
PRIMARY KEY (chain_hash, role, server_ip, server_port, server_name)
ORDER BY (chain_hash, role, server_ip, server_port, server_name, provenance)
TTL toDateTime(judged_at) + toIntervalDay(400)
SETTINGS non_replicated_deduplication_window = 1000, index_granularity = 8192;

CREATE TABLE IF NOT EXISTS flows
(
    `flow_id` FixedString(16),
    `sensor` LowCardinality(String) CODEC(ZSTD(6)),
    `policy` LowCardinality(String) CODEC(ZSTD(1)),
    `source` LowCardinality(String) CODEC(ZSTD(6)),
    `first_seen` DateTime64(6, 'UTC') CODEC(Delta(8), ZSTD(1)),
    `last_seen` DateTime64(6, 'UTC') CODEC(T64, ZSTD(6)),
    `transport` LowCardinality(String) CODEC(ZSTD(6)),
    `client_ip` IPv6 CODEC(ZSTD(1)),
    `client_port` UInt16 CODEC(T64, ZSTD(1)),
    `server_ip` IPv6 CODEC(ZSTD(1)),
    `server_port` LowCardinality(UInt16) CODEC(ZSTD(1)),
    `increment` UInt16 CODEC(T64, ZSTD(1)),
    `vni` Nullable(UInt32) CODEC(ZSTD(1)),
    `vlan` Nullable(UInt16) CODEC(ZSTD(1)),
    `tunnel` LowCardinality(Nullable(String)) CODEC(ZSTD(1)),
    `packets_client` UInt64 CODEC(T64, ZSTD(1)),
    `packets_server` UInt64 CODEC(T64, ZSTD(1)),
    `bytes_client` UInt64 CODEC(T64, ZSTD(1)),
    `bytes_server` UInt64 CODEC(T64, ZSTD(1)),
    `rtt_us` Nullable(UInt32) CODEC(T64, ZSTD(1)),
    `visibility` Enum8('both' = 1, 'client_only' = 2, 'server_only' = 3) CODEC(ZSTD(6)),
    `app_protocol` LowCardinality(Nullable(String)) CODEC(ZSTD(1)),
    `upgrade` LowCardinality(Nullable(String)) CODEC(ZSTD(6)),
    `verdict` Enum8('plaintext' = 1, 'weak' = 2, 'strong' = 3, 'opaque' = 4, 'unknown' = 5, 'exempt' = 6) CODEC(ZSTD(1)),
    `violations` Array(LowCardinality(String)) CODEC(ZSTD(1)),
    `reason` LowCardinality(Nullable(String)) CODEC(ZSTD(6)),
    `credentials_exposed` Array(LowCardinality(String)) CODEC(ZSTD(1)),
    `alerts` Array(LowCardinality(String)) CODEC(ZSTD(1)),
    `server_name` LowCardinality(Nullable(String)) CODEC(ZSTD(1)),
    `tls_version` LowCardinality(Nullable(UInt16)) CODEC(ZSTD(6)),
    `tls_version_name` LowCardinality(Nullable(String)) CODEC(ZSTD(6)),
    `cipher_suite` LowCardinality(Nullable(UInt32)) CODEC(ZSTD(6)),
    `cipher_suite_name` LowCardinality(Nullable(String)) CODEC(ZSTD(6)),
    `named_group` LowCardinality(Nullable(UInt16)) CODEC(ZSTD(6)),
    `named_group_name` LowCardinality(Nullable(String)) CODEC(ZSTD(6)),
    `dh_bits` Nullable(UInt32) CODEC(ZSTD(1)),
    `alpn` LowCardinality(Nullable(String)) CODEC(ZSTD(1)),
    `ja3` Nullable(String) CODEC(ZSTD(1)),
    `ja3s` LowCardinality(Nullable(String)) CODEC(ZSTD(1)),
    `ja4` LowCardinality(Nullable(String)) CODEC(ZSTD(1)),
    `hello_retry` Nullable(Bool) CODEC(ZSTD(6)),
    `resumed` Nullable(Bool) CODEC(ZSTD(6)),
    `early_data` Bool CODEC(ZSTD(1)),
    `ech` LowCardinality(Nullable(String)) CODEC(ZSTD(1)),
    `client_certificate` LowCardinality(Nullable(String)) CODEC(ZSTD(6)),
    `downgrade_sentinel` LowCardinality(Nullable(String)) CODEC(ZSTD(1)),
    `ocsp_staple` Bool CODEC(ZSTD(1)),
    `compression_method` Nullable(UInt8) CODEC(ZSTD(1)),
    `renegotiation` Bool CODEC(ZSTD(1)),
    `server_certificates` Array(LowCardinality(String)) CODEC(ZSTD(1)),
    `client_certificates` Array(LowCardinality(String)) CODEC(ZSTD(1)),
    `http_method` LowCardinality(Nullable(String)) CODEC(ZSTD(6)),
    `http_host` LowCardinality(Nullable(String)) CODEC(ZSTD(6)),
    `http_status` LowCardinality(Nullable(UInt16)) CODEC(ZSTD(6)),
    `http_redirects_to_https` Bool CODEC(ZSTD(1)),
    `http_hsts` Bool CODEC(ZSTD(1)),
    `http_cookies_set` UInt32 CODEC(T64, ZSTD(1)),
    `http_cookies_insecure` UInt32 CODEC(T64, ZSTD(1)),
    `handshake_us` Nullable(UInt32) CODEC(T64, ZSTD(1)),
    `client_hello_hash` Nullable(UInt64) CODEC(ZSTD(1)),
    `stored_at` DateTime('UTC') DEFAULT now() CODEC(Delta(4), ZSTD(1)),
    `upgrade_state` LowCardinality(Nullable(String)) CODEC(ZSTD(6)),
    `protocol_version` LowCardinality(Nullable(String)) CODEC(ZSTD(6)),
    `protocol_security` LowCardinality(Nullable(String)) CODEC(ZSTD(6)),
    `auth_mechanisms` Array(LowCardinality(String)) CODEC(ZSTD(1)),
    `auth_outcome` LowCardinality(Nullable(String)) CODEC(ZSTD(6)),
    `http_service` LowCardinality(Nullable(String)) CODEC(ZSTD(1)),
    `payload_kind` LowCardinality(Nullable(String)) CODEC(ZSTD(1)),
    `quic_version` LowCardinality(Nullable(UInt32)) CODEC(ZSTD(1)),
    `ssh_version` Nullable(UInt8) CODEC(ZSTD(1)),
    `ssh_client_software` LowCardinality(Nullable(String)) CODEC(ZSTD(1)),
    `ssh_server_software` LowCardinality(Nullable(String)) CODEC(ZSTD(1)),
    `ssh_kex` LowCardinality(Nullable(String)) CODEC(ZSTD(1)),
    `ssh_host_key` LowCardinality(Nullable(String)) CODEC(ZSTD(1)),
    `ssh_cipher` LowCardinality(Nullable(String)) CODEC(ZSTD(1)),
    `ssh_mac` LowCardinality(Nullable(String)) CODEC(ZSTD(1)),
    `hassh` LowCardinality(Nullable(String)) CODEC(ZSTD(1)),
    `hassh_server` LowCardinality(Nullable(String)) CODEC(ZSTD(1)),
    `ssh_strict_kex` Nullable(Bool) CODEC(ZSTD(1)),
    `ssh_dh_bits` Nullable(UInt32) CODEC(ZSTD(1)),
    `ike_version` Nullable(UInt8) CODEC(ZSTD(1)),
    `ike_mode` LowCardinality(Nullable(String)) CODEC(ZSTD(1)),
    `ike_authentication` LowCardinality(Nullable(String)) CODEC(ZSTD(1)),
    `ike_encryption` LowCardinality(Nullable(String)) CODEC(ZSTD(1)),
    `ike_key_bits` Nullable(UInt16) CODEC(ZSTD(1)),
    `ike_integrity` LowCardinality(Nullable(String)) CODEC(ZSTD(1)),
    `ike_prf` LowCardinality(Nullable(String)) CODEC(ZSTD(1)),
    `ike_group` LowCardinality(Nullable(String)) CODEC(ZSTD(1)),
    `community_id` Nullable(String) ALIAS if((transport IN ('icmp', 'icmpv6')), NULL, arrayElement(arrayMap((a, b, p, q, number) -> concat('1:', base64Encode(SHA1(concat(char(0, 0), if((a, p) > (b, q), concat(b, a), concat(a, b)), char(number, 0), multiIf((number NOT IN (6, 17, 132)), '', (a, p) > (b, q), char(intDiv(q, 256), q % 256, intDiv(p, 256), p % 256), char(intDiv(p, 256), p % 256, intDiv(q, 256), q % 256)))))), [substring(IPv6StringToNum(toString(client_ip)), if(toString(client_ip) LIKE '::ffff:%.%', 13, 1))], [substring(IPv6StringToNum(toString(server_ip)), if(toString(server_ip) LIKE '::ffff:%.%', 13, 1))], [toUInt32(client_port)], [toUInt32(server_port)], [if(startsWith(transport, 'proto-'), toUInt8OrZero(substring(transport, 7)), transform(toString(transport), ['icmp', 'igmp', 'tcp', 'udp', 'dccp', 'gre', 'esp', 'ah', 'icmpv6', 'ipv6-nonxt', 'eigrp', 'ospf', 'etherip', 'pim', 'vrrp', 'l2tp', 'sctp', 'mobility', 'udplite', 'hip', 'shim6'], [1, 2, 6, 17, 33, 47, 50, 51, 58, 59, 88, 89, 97, 103, 112, 115, 132, 135, 136, 139, 140], 0))]), 1)),
    `oddities` Array(LowCardinality(String)),
    `extended_master_secret` Nullable(Bool) CODEC(ZSTD(6)),
    `ike_offered_proposals` Array(LowCardinality(String)) CODEC(ZSTD(1)),
    INDEX last_seen_minmax last_seen TYPE minmax GRANULARITY 1
)
ENGINE = ReplacingMergeTree(increment)
PARTITION BY toYYYYMM(first_seen)
ORDER BY (first_seen, flow_id)
TTL stored_at + toIntervalDay(400)
SETTINGS ttl_only_drop_parts = 1, non_replicated_deduplication_window = 1000, index_granularity = 8192, allow_suspicious_low_cardinality_types = 1;

CREATE TABLE IF NOT EXISTS certificate_sightings
(
    `fingerprint_sha256` String,
    `role` Enum8('server' = 1, 'client' = 2),
    `server_ip` IPv6,
    `server_port` UInt16,
    `server_name` String,
    `position` SimpleAggregateFunction(min, UInt8),
    `first_seen` SimpleAggregateFunction(min, DateTime64(6, 'UTC')),
    `last_seen` SimpleAggregateFunction(max, DateTime64(6, 'UTC')),
    `last_shown` SimpleAggregateFunction(max, DateTime64(6, 'UTC')),
    `flows` AggregateFunction(uniqCombined(12), FixedString(16)),
    `stored_at` SimpleAggregateFunction(max, DateTime('UTC')) DEFAULT now(),
    `provenance` Enum8('observed' = 0, 'probed' = 1, 'imported' = 2, 'inferred' = 3)
)
ENGINE = AggregatingMergeTree
PRIMARY KEY (fingerprint_sha256, role, server_ip, server_port, server_name)
ORDER BY (fingerprint_sha256, role, server_ip, server_port, server_name, provenance)
TTL stored_at + toIntervalDay(400)
SETTINGS non_replicated_deduplication_window = 1000, index_granularity = 8192;

CREATE TABLE IF NOT EXISTS certificate_states
(
    `resolution` Enum8('hour' = 2, 'day' = 3, 'month' = 4),
    `period` DateTime64(0, 'UTC') CODEC(Delta(8), ZSTD(1)),
    `generation` UInt64 CODEC(Delta(8), ZSTD(1)),
    `server_ip` IPv6 CODEC(ZSTD(1)),
    `server_port` UInt16 CODEC(ZSTD(1)),
    `server_name` String CODEC(ZSTD(1)),
    `first_at` DateTime64(6, 'UTC') CODEC(T64, ZSTD(1)),
    `begins_failing` Bool,
    `first_sound_at` DateTime64(6, 'UTC') CODEC(T64, ZSTD(1)),
    `failing_since` DateTime64(6, 'UTC') CODEC(T64, ZSTD(1)),
    `resolved` UInt64 CODEC(T64, ZSTD(1)),
    `resolved_seconds` UInt64 CODEC(T64, ZSTD(1)),
    `stored_at` DateTime('UTC') DEFAULT now() CODEC(Delta(4), ZSTD(1))
)
ENGINE = ReplacingMergeTree(generation)
PARTITION BY (resolution, toYYYYMM(period))
ORDER BY (resolution, period, server_ip, server_port, server_name)
TTL stored_at + toIntervalDay(if(resolution = 'hour', 400, 1830))
SETTINGS ttl_only_drop_parts = 1, index_granularity = 8192;

CREATE TABLE IF NOT EXISTS certificate_uses
(
    `resolution` Enum8('hour' = 2, 'day' = 3, 'month' = 4),
    `period` DateTime64(0, 'UTC') CODEC(Delta(8), ZSTD(1)),
    `generation` UInt64 CODEC(Delta(8), ZSTD(1)),
    `server_ip` IPv6 CODEC(ZSTD(1)),
    `server_port` UInt16 CODEC(ZSTD(1)),
    `leaf` LowCardinality(String) CODEC(ZSTD(1)),
    `tls_flows` UInt64 CODEC(T64, ZSTD(1)),
    `completed_at` DateTime64(6, 'UTC') CODEC(T64, ZSTD(1)),
    `failing` UInt64 CODEC(T64, ZSTD(1)),
    `hidden` UInt64 CODEC(T64, ZSTD(1)),
    `answerable` UInt64 CODEC(T64, ZSTD(1)),
    `refused` UInt64 CODEC(T64, ZSTD(1)),
    `stored_at` DateTime('UTC') DEFAULT now() CODEC(Delta(4), ZSTD(1))
)
ENGINE = ReplacingMergeTree(generation)
PARTITION BY (resolution, toYYYYMM(period))
ORDER BY (resolution, period, server_ip, server_port, leaf)
TTL stored_at + toIntervalDay(if(resolution = 'hour', 400, 1830))
SETTINGS ttl_only_drop_parts = 1, index_granularity = 8192;

CREATE TABLE IF NOT EXISTS certificates
(
    `fingerprint_sha256` String,
    `der` String CODEC(ZSTD(3)),
    `subject` Nullable(String),
    `issuer` Nullable(String),
    `serial_number` Nullable(String),
    `not_before` Nullable(DateTime64(0, 'UTC')),
    `not_after` Nullable(DateTime64(0, 'UTC')),
    `key_type` LowCardinality(Nullable(String)),
    `key_bits` Nullable(UInt32),
    `key_curve` LowCardinality(Nullable(String)),
    `spki_sha256` Nullable(String),
    `signature_algorithm` LowCardinality(Nullable(String)),
    `signature_hash` LowCardinality(Nullable(String)),
    `is_ca` Nullable(Bool),
    `self_issued` Bool,
    `subject_alt_names` Array(String),
    `malformed` LowCardinality(Nullable(String)),
    `stored_at` DateTime('UTC') DEFAULT now(),
    `ocsp_response` String DEFAULT '' CODEC(ZSTD(3)),
    `sct_count` UInt8,
    `policies` Array(LowCardinality(String)),
    `validation` LowCardinality(Nullable(String))
)
ENGINE = ReplacingMergeTree
ORDER BY fingerprint_sha256
SETTINGS non_replicated_deduplication_window = 1000, index_granularity = 8192;

CREATE TABLE IF NOT EXISTS client_hellos
(
    `client_hello_hash` UInt64,
    `ja4` String,
    `offered_versions` SimpleAggregateFunction(any, Array(UInt16)) CODEC(ZSTD(1)),
    `offered_cipher_suites` SimpleAggregateFunction(any, Array(UInt32)) CODEC(ZSTD(1)),
    `offered_groups` SimpleAggregateFunction(any, Array(UInt16)) CODEC(ZSTD(1)),
    `offered_signature_schemes` SimpleAggregateFunction(any, Array(UInt16)) CODEC(ZSTD(1)),
    `offered_alpn` SimpleAggregateFunction(any, Array(String)) CODEC(ZSTD(1)),
    `first_seen` SimpleAggregateFunction(min, DateTime64(6, 'UTC')),
    `last_seen` SimpleAggregateFunction(max, DateTime64(6, 'UTC')),
    `stored_at` SimpleAggregateFunction(max, DateTime('UTC')) DEFAULT now()
)
ENGINE = AggregatingMergeTree
ORDER BY (client_hello_hash, ja4)
TTL stored_at + toIntervalDay(400)
SETTINGS non_replicated_deduplication_window = 1000, index_granularity = 8192;

CREATE TABLE IF NOT EXISTS edge_days
(
    `day` DateTime64(0, 'UTC') CODEC(Delta(8), ZSTD(1)),
    `generation` UInt64 CODEC(Delta(8), ZSTD(1)),
    `sensor` LowCardinality(String),
    `policy` LowCardinality(String),
    `client_ip` IPv6 CODEC(ZSTD(1)),
    `server_ip` IPv6 CODEC(ZSTD(1)),
    `server_port` UInt16 CODEC(ZSTD(1)),
    `app_protocol` LowCardinality(String),
    `client_zone` LowCardinality(String),
    `server_zone` LowCardinality(String),
    `service` String CODEC(ZSTD(1)),
    `plaintext` UInt64 CODEC(T64, ZSTD(1)),
    `weak` UInt64 CODEC(T64, ZSTD(1)),
    `strong` UInt64 CODEC(T64, ZSTD(1)),
    `opaque` UInt64 CODEC(T64, ZSTD(1)),
    `unknown` UInt64 CODEC(T64, ZSTD(1)),
    `exempt` UInt64 CODEC(T64, ZSTD(1)),
    `bytes` UInt64 CODEC(T64, ZSTD(1)),
    `authenticated` UInt64 CODEC(T64, ZSTD(1)),
    `first_seen` DateTime64(6, 'UTC') CODEC(Delta(8), ZSTD(1)),
    `last_seen` DateTime64(6, 'UTC') CODEC(Delta(8), ZSTD(1)),
    `first_plaintext` DateTime64(6, 'UTC') CODEC(ZSTD(1)),
    `last_plaintext` DateTime64(6, 'UTC') CODEC(ZSTD(1)),
    `encrypted_before` UInt64 CODEC(T64, ZSTD(1)),
    `last_encrypted_before` DateTime64(6, 'UTC') CODEC(ZSTD(1)),
    `encrypted_after` UInt64 CODEC(T64, ZSTD(1)),
    `first_encrypted_after` DateTime64(6, 'UTC') CODEC(ZSTD(1)),
    `last_encrypted_after` DateTime64(6, 'UTC') CODEC(ZSTD(1)),
    `stored_at` DateTime('UTC') DEFAULT now() CODEC(Delta(4), ZSTD(1))
)
ENGINE = ReplacingMergeTree(generation)
PARTITION BY toYYYYMM(day)
ORDER BY (day, server_ip, server_port, client_ip, app_protocol, sensor, policy)
TTL stored_at + toIntervalDay(400)
SETTINGS ttl_only_drop_parts = 1, index_granularity = 8192;

CREATE TABLE IF NOT EXISTS finding_events
(
    `at` DateTime64(6, 'UTC') CODEC(Delta(8), ZSTD(1)),
    `kind` LowCardinality(String),
    `key` String,
    `rule` LowCardinality(String),
    `severity` LowCardinality(String),
    `state` LowCardinality(String),
    `what` String CODEC(ZSTD(1)),
    `flows` UInt64,
    `stored_at` DateTime('UTC') DEFAULT now() CODEC(Delta(4), ZSTD(1)),
    `excepted` Bool DEFAULT false
)
ENGINE = ReplacingMergeTree
PARTITION BY toYYYYMM(at)
ORDER BY (at, key, kind)
TTL stored_at + toIntervalDay(400)
SETTINGS ttl_only_drop_parts = 1, non_replicated_deduplication_window = 1000, index_granularity = 8192;

CREATE TABLE IF NOT EXISTS sensor_health
(
    `sensor` LowCardinality(String),
    `source` LowCardinality(String),
    `worker` UInt16,
    `window_start` DateTime64(6, 'UTC') CODEC(Delta(8), ZSTD(1)),
    `window_end` DateTime64(6, 'UTC') CODEC(Delta(8), ZSTD(1)),
    `state` Enum8('up' = 1, 'down' = 2, 'gone' = 3, 'ended' = 4),
    `frames_received` UInt64 CODEC(T64, ZSTD(1)),
    `wire_bytes` UInt64 CODEC(T64, ZSTD(1)),
    `kernel_drops` UInt64 CODEC(T64, ZSTD(1)),
    `ring_freezes` UInt64 CODEC(T64, ZSTD(1)),
    `interface_drops` UInt64 CODEC(T64, ZSTD(1)),
    `frames_not_decoded` UInt64 CODEC(T64, ZSTD(1)),
    `fragments_dropped` UInt64 CODEC(T64, ZSTD(1)),
    `flows_started` UInt64 CODEC(T64, ZSTD(1)),
    `flows_ended` UInt64 CODEC(T64, ZSTD(1)),
    `flows_evicted` UInt64 CODEC(T64, ZSTD(1)),
    `sessions_evicted` UInt64 CODEC(T64, ZSTD(1)),
    `flows_lost` UInt64 CODEC(T64, ZSTD(1)),
    `malformed` UInt64 CODEC(T64, ZSTD(1)),
    `records` UInt64 CODEC(T64, ZSTD(1)),
    `duplicates` UInt64 CODEC(T64, ZSTD(1)),
    `stored_at` DateTime('UTC') DEFAULT now() CODEC(Delta(4), ZSTD(1)),
    INDEX window_end_minmax window_end TYPE minmax GRANULARITY 1
)
ENGINE = ReplacingMergeTree
PARTITION BY toYYYYMM(window_start)
ORDER BY (window_start, sensor, source, worker)
TTL stored_at + toIntervalDay(400)
SETTINGS ttl_only_drop_parts = 1, non_replicated_deduplication_window = 1000, index_granularity = 8192;

CREATE TABLE IF NOT EXISTS findings
(
    `key` String,
    `rule` LowCardinality(String),
    `name` LowCardinality(String),
    `severity` LowCardinality(String),
    `title` LowCardinality(String),
    `subject_kind` LowCardinality(String),
    `subject` String,
    `zone_pair` LowCardinality(String),
    `state` LowCardinality(String),
    `flapping` Bool,
    `what` String CODEC(ZSTD(1)),
    `must_fix` LowCardinality(String),
    `opened_at` DateTime64(6, 'UTC'),
    `first_seen` DateTime64(6, 'UTC'),
    `last_seen` DateTime64(6, 'UTC'),
    `resolved_at` Nullable(DateTime64(6, 'UTC')),
    `proof` Nullable(String),
    `acknowledged_by` Nullable(String),
    `acknowledged_at` Nullable(DateTime64(6, 'UTC')),
    `acknowledged_reason` Nullable(String),
    `exception_owner` Nullable(String),
    `exception_reason` Nullable(String),
    `exception_expires` Nullable(String),
    `flows` UInt64,
    `reopened` UInt32,
    `server_names` Array(String),
    `servers` Array(String),
    `clients` Array(String),
    `sensors` Array(String),
    `versions_offered` Array(String),
    `versions_chosen` Array(String),
    `cipher_suites` Array(String),
    `flow_ids` Array(String),
    `sensor_health` LowCardinality(String),
    `lost_ratio` Float64,
    `query` String CODEC(ZSTD(1)),
    `runbook` LowCardinality(String),
    `version` UInt64,
    `stored_at` DateTime('UTC') DEFAULT now() CODEC(Delta(4), ZSTD(1))
)
ENGINE = ReplacingMergeTree(version)
ORDER BY key
TTL stored_at + toIntervalDay(400)
SETTINGS non_replicated_deduplication_window = 1000, index_granularity = 8192;

CREATE TABLE IF NOT EXISTS flows_in
(
    `flow_id` String,
    `sensor` String,
    `policy` String,
    `source` String,
    `first_seen` DateTime64(6, 'UTC'),
    `last_seen` DateTime64(6, 'UTC'),
    `transport` String,
    `client_ip` IPv6,
    `client_port` UInt16,
    `server_ip` IPv6,
    `server_port` UInt16,
    `increment` UInt16,
    `vni` Nullable(UInt32),
    `vlan` Nullable(UInt16),
    `tunnel` Nullable(String),
    `packets_client` UInt64,
    `packets_server` UInt64,
    `bytes_client` UInt64,
    `bytes_server` UInt64,
    `rtt_us` Nullable(UInt32),
    `visibility` String,
    `app_protocol` Nullable(String),
    `upgrade` Nullable(String),
    `verdict` String,
    `violations` Array(String),
    `reason` Nullable(String),
    `credentials_exposed` Array(String),
    `alerts` Array(String),
    `server_name` Nullable(String),
    `tls_version` Nullable(UInt16),
    `tls_version_name` Nullable(String),
    `cipher_suite` Nullable(UInt32),
    `cipher_suite_name` Nullable(String),
    `named_group` Nullable(UInt16),
    `named_group_name` Nullable(String),
    `dh_bits` Nullable(UInt32),
    `alpn` Nullable(String),
    `ja3` Nullable(String),
    `ja3s` Nullable(String),
    `ja4` Nullable(String),
    `hello_retry` Nullable(Bool),
    `resumed` Nullable(Bool),
    `early_data` Bool,
    `ech` Nullable(String),
    `client_certificate` Nullable(String),
    `downgrade_sentinel` Nullable(String),
    `ocsp_staple` Bool,
    `compression_method` Nullable(UInt8),
    `renegotiation` Bool,
    `server_certificates` Array(String),
    `client_certificates` Array(String),
    `http_method` Nullable(String),
    `http_host` Nullable(String),
    `http_status` Nullable(UInt16),
    `http_redirects_to_https` Bool,
    `http_hsts` Bool,
    `http_cookies_set` UInt32,
    `http_cookies_insecure` UInt32,
    `handshake_us` Nullable(UInt32),
    `offered_versions` Array(UInt16),
    `offered_cipher_suites` Array(UInt32),
    `offered_groups` Array(UInt16),
    `offered_signature_schemes` Array(UInt16),
    `offered_alpn` Array(String),
    `client_hello_hash` Nullable(UInt64) DEFAULT if(empty(offered_cipher_suites), NULL, cityHash64(offered_versions, offered_cipher_suites, offered_groups, offered_signature_schemes, offered_alpn)),
    `upgrade_state` Nullable(String),
    `protocol_version` Nullable(String),
    `protocol_security` Nullable(String),
    `auth_mechanisms` Array(String),
    `auth_outcome` Nullable(String),
    `http_service` Nullable(String),
    `payload_kind` Nullable(String),
    `quic_version` Nullable(UInt32),
    `ssh_version` Nullable(UInt8),
    `ssh_client_software` Nullable(String),
    `ssh_server_software` Nullable(String),
    `ssh_kex` Nullable(String),
    `ssh_host_key` Nullable(String),
    `ssh_cipher` Nullable(String),
    `ssh_mac` Nullable(String),
    `hassh` Nullable(String),
    `hassh_server` Nullable(String),
    `ssh_strict_kex` Nullable(Bool),
    `ssh_dh_bits` Nullable(UInt32),
    `ike_version` Nullable(UInt8),
    `ike_mode` Nullable(String),
    `ike_authentication` Nullable(String),
    `ike_encryption` Nullable(String),
    `ike_key_bits` Nullable(UInt16),
    `ike_integrity` Nullable(String),
    `ike_prf` Nullable(String),
    `ike_group` Nullable(String),
    `oddities` Array(String),
    `extended_master_secret` Nullable(Bool),
    `ike_offered_proposals` Array(String)
)
ENGINE = `Null`;

CREATE TABLE IF NOT EXISTS health_hours
(
    `hour` DateTime64(0, 'UTC'),
    `generation` UInt64,
    `sensor` LowCardinality(String),
    `dropped` UInt64,
    `received` UInt64,
    `stored_at` DateTime('UTC') DEFAULT now()
)
ENGINE = ReplacingMergeTree(generation)
ORDER BY (hour, sensor)
TTL stored_at + toIntervalDay(1830)
SETTINGS index_granularity = 8192;

CREATE TABLE IF NOT EXISTS health_marks
(
    `hour` DateTime64(0, 'UTC'),
    `marked_at` SimpleAggregateFunction(max, DateTime64(6, 'UTC')),
    `done_at` SimpleAggregateFunction(max, DateTime64(6, 'UTC'))
)
ENGINE = AggregatingMergeTree
ORDER BY hour
SETTINGS index_granularity = 8192;

CREATE TABLE IF NOT EXISTS ocsp_responses
(
    `fingerprint_sha256` String,
    `response_hash` FixedString(16),
    `response` String CODEC(ZSTD(3)),
    `stored_at` DateTime('UTC') DEFAULT now()
)
ENGINE = ReplacingMergeTree
ORDER BY (fingerprint_sha256, response_hash)
TTL stored_at + toIntervalDay(400)
SETTINGS non_replicated_deduplication_window = 1000, index_granularity = 8192;

CREATE TABLE IF NOT EXISTS plaintext_detections
(
    `day` DateTime64(0, 'UTC'),
    `client_ip` IPv6,
    `server_ip` IPv6,
    `server_port` UInt16,
    `first_seen` SimpleAggregateFunction(min, DateTime64(6, 'UTC')),
    `detected_at` SimpleAggregateFunction(min, DateTime64(6, 'UTC')),
    `stored_at` SimpleAggregateFunction(max, DateTime('UTC')) DEFAULT now()
)
ENGINE = AggregatingMergeTree
ORDER BY (day, server_ip, server_port, client_ip)
TTL stored_at + toIntervalDay(400)
SETTINGS non_replicated_deduplication_window = 1000, index_granularity = 8192;

CREATE TABLE IF NOT EXISTS plaintext_episodes
(
    `generation` UInt64 CODEC(Delta(8), ZSTD(1)),
    `client_ip` IPv6 CODEC(ZSTD(1)),
    `server_ip` IPv6 CODEC(ZSTD(1)),
    `server_port` UInt16 CODEC(ZSTD(1)),
    `opened_at` DateTime64(6, 'UTC') CODEC(Delta(8), ZSTD(1)),
    `detected_at` DateTime64(6, 'UTC') CODEC(ZSTD(1)),
    `last_plaintext_at` DateTime64(6, 'UTC') CODEC(ZSTD(1)),
    `fixed_at` DateTime64(6, 'UTC') CODEC(ZSTD(1)),
    `proven_at` DateTime64(6, 'UTC') CODEC(ZSTD(1)),
    `last_seen` DateTime64(6, 'UTC') CODEC(ZSTD(1)),
    `client_zone` LowCardinality(String),
    `server_zone` LowCardinality(String),
    `services` Array(String) CODEC(ZSTD(1)),
    `sensors` Array(LowCardinality(String)),
    `protocols` Array(LowCardinality(String)),
    `packs` Array(LowCardinality(String)),
    `stored_at` DateTime('UTC') DEFAULT now() CODEC(Delta(4), ZSTD(1))
)
ENGINE = ReplacingMergeTree(generation)
ORDER BY (opened_at, server_ip, server_port, client_ip)
TTL stored_at + toIntervalDay(1830)
SETTINGS index_granularity = 8192;

CREATE TABLE IF NOT EXISTS probes
(
    `probe_id` FixedString(32),
    `probed_at` DateTime64(6, 'UTC') CODEC(Delta(8), ZSTD(1)),
    `sensor` LowCardinality(String),
    `server_ip` IPv6,
    `server_port` UInt16,
    `server_name` String,
    `protocol` LowCardinality(String),
    `outcome` LowCardinality(String),
    `handshakes` UInt16,
    `tls_version` Nullable(UInt16),
    `cipher_suite` Nullable(UInt16),
    `tls_versions` Array(UInt16),
    `cipher_suites` Array(UInt16),
    `server_certificates` Array(String),
    `provenance` Enum8('observed' = 0, 'probed' = 1, 'imported' = 2, 'inferred' = 3) DEFAULT 'probed',
    `stored_at` DateTime('UTC') DEFAULT now(),
    `is_stapled` Nullable(Bool)
)
ENGINE = ReplacingMergeTree
ORDER BY (probed_at, probe_id)
TTL stored_at + toIntervalDay(400)
SETTINGS non_replicated_deduplication_window = 1000, index_granularity = 8192;

CREATE TABLE IF NOT EXISTS revocation_answers
(
    `fingerprint_sha256` String,
    `kind` Enum8('ocsp' = 1, 'crl' = 2),
    `address` String,
    `outcome` LowCardinality(String),
    `status` Enum8('unknown' = 0, 'good' = 1, 'revoked' = 2, 'not-listed' = 3),
    `issuer_spki_sha256` String,
    `revoked_at` Nullable(DateTime64(0, 'UTC')),
    `this_update` Nullable(DateTime64(0, 'UTC')),
    `next_update` Nullable(DateTime64(0, 'UTC')),
    `fetched_at` DateTime64(3, 'UTC'),
    `changed_at` DateTime64(3, 'UTC'),
    `due_at` DateTime64(3, 'UTC'),
    `provenance` Enum8('observed' = 0, 'probed' = 1, 'imported' = 2, 'inferred' = 3) DEFAULT 'probed'
)
ENGINE = ReplacingMergeTree(fetched_at)
ORDER BY (fingerprint_sha256, kind, address)
TTL toDateTime(fetched_at) + toIntervalDay(400)
SETTINGS non_replicated_deduplication_window = 1000, index_granularity = 8192;

CREATE TABLE IF NOT EXISTS rollup_generations
(
    `resolution` Enum8('minute' = 1, 'hour' = 2, 'day' = 3, 'month' = 4, 'edges' = 5, 'episodes' = 6),
    `period` DateTime64(0, 'UTC'),
    `generation` UInt64,
    `stored_at` DateTime('UTC') DEFAULT now()
)
ENGINE = ReplacingMergeTree(generation)
ORDER BY (resolution, period)
TTL stored_at + toIntervalDay(1830)
SETTINGS index_granularity = 8192;

CREATE TABLE IF NOT EXISTS rollup_marks
(
    `hour` DateTime64(0, 'UTC'),
    `marked_at` SimpleAggregateFunction(max, DateTime64(6, 'UTC')),
    `done_at` SimpleAggregateFunction(max, DateTime64(6, 'UTC')),
    `edges_done_at` SimpleAggregateFunction(max, DateTime64(6, 'UTC'))
)
ENGINE = AggregatingMergeTree
ORDER BY hour
SETTINGS index_granularity = 8192;

CREATE TABLE IF NOT EXISTS rollups
(
    `resolution` Enum8('minute' = 1, 'hour' = 2, 'day' = 3, 'month' = 4),
    `period` DateTime64(0, 'UTC') CODEC(Delta(8), ZSTD(1)),
    `bucket` DateTime64(0, 'UTC') CODEC(Delta(8), ZSTD(1)),
    `generation` UInt64 CODEC(Delta(8), ZSTD(1)),
    `by_service` Bool,
    `sensor` LowCardinality(String),
    `policy` LowCardinality(String),
    `failed_packs` LowCardinality(String),
    `client_zone` LowCardinality(String),
    `server_zone` LowCardinality(String),
    `service` String CODEC(ZSTD(1)),
    `app_protocol` LowCardinality(String),
    `transport` LowCardinality(String),
    `verdict` Enum8('plaintext' = 1, 'weak' = 2, 'strong' = 3, 'opaque' = 4, 'unknown' = 5, 'exempt' = 6),
    `tls_version` UInt16,
    `kx` LowCardinality(String),
    `mtls` LowCardinality(String),
    `auth` LowCardinality(String),
    `flows` UInt64 CODEC(T64, ZSTD(1)),
    `bytes` UInt64 CODEC(T64, ZSTD(1)),
    `tls_flows` UInt64 CODEC(T64, ZSTD(1)),
    `hellos` UInt64 CODEC(T64, ZSTD(1)),
    `resumption_known` UInt64 CODEC(T64, ZSTD(1)),
    `resumed` UInt64 CODEC(T64, ZSTD(1)),
    `hello_retries` UInt64 CODEC(T64, ZSTD(1)),
    `alpn_known` UInt64 CODEC(T64, ZSTD(1)),
    `alpn_multiplexed` UInt64 CODEC(T64, ZSTD(1)),
    `full_handshakes` UInt64 CODEC(T64, ZSTD(1)),
    `chains` UInt64 CODEC(T64, ZSTD(1)),
    `chains_short` UInt64 CODEC(T64, ZSTD(1)),
    `leaves_known` UInt64 CODEC(T64, ZSTD(1)),
    `leaves_ec` UInt64 CODEC(T64, ZSTD(1)),
    `ech_offered` UInt64 CODEC(T64, ZSTD(1)),
    `ech_accepted` UInt64 CODEC(T64, ZSTD(1)),
    `mtls_refused` UInt64 CODEC(T64, ZSTD(1)),
    `http_requests` UInt64 CODEC(T64, ZSTD(1)),
    `http_sigv4` UInt64 CODEC(T64, ZSTD(1)),
    `tls_named` UInt64 CODEC(T64, ZSTD(1)),
    `tls_to_aws` UInt64 CODEC(T64, ZSTD(1)),
    `bearers` UInt64 CODEC(T64, ZSTD(1)),
    `bearers_accepted` UInt64 CODEC(T64, ZSTD(1)),
    `bearers_refused` UInt64 CODEC(T64, ZSTD(1)),
    `auth_attempts` UInt64 CODEC(T64, ZSTD(1)),
    `auth_successes` UInt64 CODEC(T64, ZSTD(1)),
    `auth_failures` UInt64 CODEC(T64, ZSTD(1)),
    `handshakes_timed` UInt64 CODEC(T64, ZSTD(1)),
    `handshake_us` UInt64 CODEC(T64, ZSTD(1)),
    `handshakes_beside_rtt` UInt64 CODEC(T64, ZSTD(1)),
    `handshake_us_beside_rtt` UInt64 CODEC(T64, ZSTD(1)),
    `rtt_us` UInt64 CODEC(T64, ZSTD(1)),
    `handshakes_sketched` UInt64 CODEC(T64, ZSTD(1)),
    `handshake_buckets` Array(UInt16) CODEC(ZSTD(1)),
    `handshake_counts` Array(UInt64) CODEC(ZSTD(1)),
    `edges` AggregateFunction(uniqCombined64(14), UInt64) CODEC(ZSTD(1)),
    `stored_at` DateTime('UTC') DEFAULT now() CODEC(Delta(4), ZSTD(1))
)
ENGINE = ReplacingMergeTree(generation)
PARTITION BY (resolution, toYYYYMM(bucket))
ORDER BY (by_service, resolution, bucket, sensor, policy, failed_packs, client_zone, server_zone, service, app_protocol, transport, verdict, tls_version, kx, mtls, auth)
TTL stored_at + toIntervalDay(multiIf(resolution = 'minute', 35, resolution = 'hour', 400, 1830))
SETTINGS ttl_only_drop_parts = 1, index_granularity = 8192;

CREATE TABLE IF NOT EXISTS schema_migrations
(
    `version` UInt32,
    `name` String,
    `checksum` String,
    `applied_at` DateTime64(6, 'UTC') DEFAULT now64(6)
)
ENGINE = ReplacingMergeTree
ORDER BY version
SETTINGS index_granularity = 8192;

CREATE TABLE IF NOT EXISTS zones
(
    `revision` UInt64,
    `name` LowCardinality(String),
    `cidr` String,
    `vni` Int64 DEFAULT -1,
    `prefix` UInt8 MATERIALIZED toUInt8OrZero(splitByChar('/', cidr)[2]) + if(position(cidr, ':') = 0, 96, 0),
    `low` IPv6 MATERIALIZED (IPv6CIDRToRange(toIPv6OrDefault(splitByChar('/', cidr)[1]), prefix)).1,
    `high` IPv6 MATERIALIZED (IPv6CIDRToRange(toIPv6OrDefault(splitByChar('/', cidr)[1]), prefix)).2
)
ENGINE = ReplacingMergeTree
ORDER BY (revision, name, cidr, vni)
SETTINGS index_granularity = 8192;

CREATE VIEW IF NOT EXISTS certificate_deployments
(
    `identity` String,
    `fingerprint_sha256` String,
    `server_ip` IPv6,
    `server_port` UInt16,
    `provenance` Enum8('observed' = 0, 'probed' = 1, 'imported' = 2, 'inferred' = 3),
    `first_shown` SimpleAggregateFunction(min, DateTime64(6, 'UTC')),
    `last_shown` SimpleAggregateFunction(max, DateTime64(6, 'UTC')),
    `flows` UInt64,
    `kind` LowCardinality(String),
    `subject` Nullable(String),
    `issuer` Nullable(String),
    `serial_number` Nullable(String),
    `not_before` Nullable(DateTime64(0, 'UTC')),
    `not_after` Nullable(DateTime64(0, 'UTC'))
)
AS SELECT
    concat(multiIf(notEmpty(c.subject_alt_names), arrayStringConcat(arraySort(arrayDistinct(arrayMap(one -> lower(one), c.subject_alt_names))), ','), ifNull(c.subject, '') != '', assumeNotNull(c.subject), s.fingerprint_sha256), ' ', toString(s.server_port)) AS identity,
    s.fingerprint_sha256 AS fingerprint_sha256,
    s.server_ip AS server_ip,
    s.server_port AS server_port,
    s.provenance AS provenance,
    s.first_shown AS first_shown,
    s.last_shown_at AS last_shown,
    s.flow_count AS flows,
    ifNull(c.key_type, '') AS kind,
    c.subject AS subject,
    c.issuer AS issuer,
    c.serial_number AS serial_number,
    c.not_before AS not_before,
    c.not_after AS not_after
FROM
(
    SELECT
        fingerprint_sha256,
        server_ip,
        server_port,
        provenance,
        min(first_seen) AS first_shown,
        greatest(max(last_shown), first_shown) AS last_shown_at,
        uniqCombinedMerge(12)(flows) AS flow_count
    FROM certificate_sightings
    WHERE role = 'server'
    GROUP BY
        fingerprint_sha256,
        server_ip,
        server_port,
        provenance
    HAVING min(position) = 0
) AS s
INNER JOIN
(
    SELECT *
    FROM certificates
    FINAL
) AS c ON c.fingerprint_sha256 = s.fingerprint_sha256;

CREATE VIEW IF NOT EXISTS certificate_shown
AS SELECT
    identity,
    fingerprint_sha256,
    any(kind) AS kind,
    any(subject) AS subject,
    any(issuer) AS issuer,
    any(serial_number) AS serial_number,
    any(not_before) AS begins,
    any(not_after) AS ends,
    min(first_shown) AS first_shown_at,
    max(last_shown) AS last_shown_at,
    uniqExact(server_ip) AS endpoint_count
FROM certificate_deployments
WHERE empty({provenances:Array(String)}) OR has({provenances:Array(String)}, toString(provenance))
GROUP BY
    identity,
    fingerprint_sha256;

CREATE VIEW IF NOT EXISTS certificate_succession
AS SELECT
    *,
    groupArray((first_shown_at, begins_at, kind_hash)) OVER (PARTITION BY identity ORDER BY place ASC ROWS BETWEEN 1 FOLLOWING AND 32 FOLLOWING) AS next_shown,
    max((begins_at, first_shown_at, place)) OVER (PARTITION BY identity, kind_hash ORDER BY place DESC ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) AS newest_made
FROM
(
    SELECT
        *,
        assumeNotNull(begins) AS begins_at,
        sipHash64(kind) AS kind_hash,
        row_number() OVER (PARTITION BY identity ORDER BY first_shown_at ASC, begins_at ASC, fingerprint_sha256 ASC) AS place
    FROM certificate_shown(provenances = {provenances:Array(String)})
    WHERE (begins IS NOT NULL) AND (ends IS NOT NULL)
);

CREATE VIEW IF NOT EXISTS certificate_renewals
AS SELECT
    o.identity AS identity,
    o.old AS old,
    n.new AS new,
    n.renewed_at AS renewed_at,
    n.new_begins AS new_begins,
    o.old_begins AS old_begins,
    o.old_ends AS old_ends,
    o.old_last_shown AS old_last_shown,
    o.old_issuer AS old_issuer,
    n.new_issuer AS new_issuer
FROM
(
    SELECT
        identity,
        fingerprint_sha256 AS old,
        begins_at AS old_begins,
        assumeNotNull(ends) AS old_ends,
        last_shown_at AS old_last_shown,
        ifNull(issuer, '') AS old_issuer,
        arrayFirstIndex(one -> (((one.1) > first_shown_at) AND ((one.2) > begins_at) AND (((one.3) = kind_hash) OR ((one.1) > last_shown_at))), next_shown) AS steps,
        multiIf(steps > 0, place + steps, ((newest_made.1) > begins_at) AND ((newest_made.2) > first_shown_at), newest_made.3, 0) AS next_place
    FROM certificate_succession(provenances = {provenances:Array(String)})
) AS o
INNER JOIN
(
    SELECT
        identity AS new_identity,
        place AS new_place,
        fingerprint_sha256 AS new,
        first_shown_at AS renewed_at,
        begins_at AS new_begins,
        ifNull(issuer, '') AS new_issuer
    FROM certificate_succession(provenances = {provenances:Array(String)})
) AS n ON (n.new_identity = o.identity) AND (n.new_place = o.next_place);

CREATE VIEW IF NOT EXISTS certificate_automation
AS SELECT
    i.identity AS identity,
    ifNull(f.says, if((t.says_of IN ('', i.issued_by)), t.says, NULL)) AS told,
    multiIf(told IS NOT NULL, 'import', match(i.issued_by, '(^|[,+])O=(Let\'s Encrypt|Amazon|Google Trust Services( LLC)?)([,+]|$)'), 'issuer', (r.renewal_count >= 2) AND ifNull((r.least_share >= 0.5) AND (r.greatest_share <= 0.9) AND ((r.greatest_share - r.least_share) < 0.1), false), 'rhythm', '') AS automation_by,
    multiIf(told IS NOT NULL, if(assumeNotNull(told), 'likely', 'unlikely'), automation_by != '', 'likely', r.renewal_count >= 2, 'unlikely', 'unknown') AS automation
FROM
(
    SELECT
        identity,
        argMax(fingerprint_sha256, last_shown) AS current,
        argMax(ifNull(serial_number, ''), last_shown) AS serial,
        argMax(ifNull(issuer, ''), last_shown) AS issued_by
    FROM certificate_deployments
    WHERE (first_shown <= {to:DateTime64(6, 'UTC')}) AND (last_shown >= {from:DateTime64(6, 'UTC')}) AND (empty({provenances:Array(String)}) OR has({provenances:Array(String)}, toString(provenance)))
    GROUP BY identity
) AS i
LEFT JOIN
(
    SELECT
        fingerprint_sha256 AS fingerprint,
        toNullable(argMax(assumeNotNull(automated), imported_at)) AS says
    FROM certificate_imports
    FINAL
    WHERE (automated IS NOT NULL) AND (fingerprint_sha256 != '')
    GROUP BY fingerprint
) AS f ON f.fingerprint = i.current
LEFT JOIN
(
    SELECT
        serial_number AS serial,
        toNullable(argMax(assumeNotNull(automated), imported_at)) AS says,
        argMax(ifNull(issuer, ''), imported_at) AS says_of
    FROM certificate_imports
    FINAL
    WHERE (automated IS NOT NULL) AND (serial_number != '')
    GROUP BY serial
) AS t ON t.serial = i.serial
LEFT JOIN
(
    SELECT
        identity,
        count() AS renewal_count,
        min(dateDiff('second', old_begins, renewed_at) / nullIf(dateDiff('second', old_begins, old_ends), 0)) AS least_share,
        max(dateDiff('second', old_begins, renewed_at) / nullIf(dateDiff('second', old_begins, old_ends), 0)) AS greatest_share
    FROM certificate_renewals(provenances = {provenances:Array(String)})
    WHERE renewed_at <= {to:DateTime64(6, 'UTC')}
    GROUP BY identity
) AS r ON r.identity = i.identity;

CREATE VIEW IF NOT EXISTS certificate_shown_at
AS SELECT
    identity,
    server_ip,
    fingerprint_sha256,
    any(kind) AS kind,
    any(not_before) AS begins,
    any(not_after) AS ends,
    min(first_shown) AS first_shown_at,
    max(last_shown) AS last_shown_at
FROM certificate_deployments
WHERE empty({provenances:Array(String)}) OR has({provenances:Array(String)}, toString(provenance))
GROUP BY
    identity,
    server_ip,
    fingerprint_sha256;

CREATE VIEW IF NOT EXISTS certificate_rollouts
AS SELECT
    r.identity AS identity,
    r.old AS old,
    r.new AS new,
    r.renewed_at AS renewed_at,
    r.old_begins AS old_begins,
    r.old_ends AS old_ends,
    r.old_issuer AS old_issuer,
    r.new_issuer AS new_issuer,
    o.server_ip AS server_ip,
    o.last_shown_at AS old_last_shown,
    if(n.fingerprint_sha256 = '', NULL, n.first_shown_at) AS first_shown_at
FROM certificate_renewals(provenances = {provenances:Array(String)}) AS r
INNER JOIN certificate_shown_at(provenances = {provenances:Array(String)}) AS o ON (o.identity = r.identity) AND (o.fingerprint_sha256 = r.old)
LEFT JOIN certificate_shown_at(provenances = {provenances:Array(String)}) AS n ON (n.identity = r.identity) AND (n.fingerprint_sha256 = r.new) AND (n.server_ip = o.server_ip);

CREATE VIEW IF NOT EXISTS certificate_states_until
AS WITH
    toUnixTimestamp64Micro({from:DateTime64(6, 'UTC')}) AS from_us,
    toUnixTimestamp64Micro({to:DateTime64(6, 'UTC')}) AS to_us,
    (to_us - from_us) > 172800000000 AS by_day,
    (to_us - from_us) > 5356800000000 AS by_month,
    toDateTime64(intDiv(from_us, 3600000000) * 3600, 0, 'UTC') AS begins,
    toDateTime64((intDiv(to_us, 3600000000) * 3600) + 3600, 0, 'UTC') AS ends,
    toDateTime64(intDiv(from_us, 86400000000) * 86400, 0, 'UTC') AS day_before,
    makeDateTime64(toYear(begins), toMonth(begins), 1, 0, 0, 0, 0, 0, 'UTC') AS month_before,
    if(by_day, toDateTime64(intDiv(from_us + 86399999999, 86400000000) * 86400, 0, 'UTC'), ends) AS first_day,
    if(by_day, toDateTime64(intDiv(to_us + 1000, 86400000000) * 86400, 0, 'UTC'), ends) AS end_day,
    (((toYear(first_day) * 12) + toMonth(first_day)) - 1) + (toDayOfMonth(first_day) > 1) AS first_month_number,
    if(by_month, makeDateTime64(intDiv(first_month_number, 12), (first_month_number % 12) + 1, 1, 0, 0, 0, 0, 0, 'UTC'), end_day) AS first_month,
    if(by_month, makeDateTime64(toYear(end_day), toMonth(end_day), 1, 0, 0, 0, 0, 0, 'UTC'), end_day) AS end_month
SELECT
    *,
    period >= begins AS is_asked
FROM certificate_states
WHERE (((resolution = 'month') AND (period < month_before)) OR ((resolution = 'day') AND (period >= month_before) AND (period < day_before)) OR ((resolution = 'hour') AND (period >= day_before) AND (period < first_day)) OR ((resolution = 'hour') AND (period >= end_day) AND (period < ends)) OR ((resolution = 'day') AND (period >= first_day) AND (period < first_month)) OR ((resolution = 'day') AND (period >= end_month) AND (period < end_day)) OR ((resolution = 'month') AND (period >= first_month) AND (period < end_month))) AND ((resolution, period, generation) IN (
    SELECT
        CAST(resolution, 'Enum8(\'hour\' = 2, \'day\' = 3, \'month\' = 4)'),
        period,
        max(generation)
    FROM rollup_generations
    WHERE (resolution IN ('hour', 'day', 'month')) AND (period < ends) AND ((resolution != 'hour') OR ((period >= day_before) AND (period < first_day)) OR (period >= end_day)) AND ((resolution != 'day') OR ((period >= month_before) AND (period < first_month)) OR (period >= end_month))
    GROUP BY
        resolution,
        period
));

CREATE VIEW IF NOT EXISTS certificate_uses_in
AS WITH
    toUnixTimestamp64Micro({from:DateTime64(6, 'UTC')}) AS from_us,
    toUnixTimestamp64Micro({to:DateTime64(6, 'UTC')}) AS to_us,
    (to_us - from_us) > 172800000000 AS by_day,
    (to_us - from_us) > 5356800000000 AS by_month,
    toDateTime64(intDiv(from_us, 3600000000) * 3600, 0, 'UTC') AS begins,
    toDateTime64((intDiv(to_us, 3600000000) * 3600) + 3600, 0, 'UTC') AS ends,
    if(by_day, toDateTime64(intDiv(from_us + 86399999999, 86400000000) * 86400, 0, 'UTC'), ends) AS first_day,
    if(by_day, toDateTime64(intDiv(to_us + 1000, 86400000000) * 86400, 0, 'UTC'), ends) AS end_day,
    (((toYear(first_day) * 12) + toMonth(first_day)) - 1) + (toDayOfMonth(first_day) > 1) AS first_month_number,
    if(by_month, makeDateTime64(intDiv(first_month_number, 12), (first_month_number % 12) + 1, 1, 0, 0, 0, 0, 0, 'UTC'), end_day) AS first_month,
    if(by_month, makeDateTime64(toYear(end_day), toMonth(end_day), 1, 0, 0, 0, 0, 0, 'UTC'), end_day) AS end_month
SELECT *
FROM certificate_uses
WHERE (((resolution = 'hour') AND (period >= begins) AND (period < first_day)) OR ((resolution = 'hour') AND (period >= end_day) AND (period < ends)) OR ((resolution = 'day') AND (period >= first_day) AND (period < first_month)) OR ((resolution = 'day') AND (period >= end_month) AND (period < end_day)) OR ((resolution = 'month') AND (period >= first_month) AND (period < end_month))) AND ((resolution, period, generation) IN (
    SELECT
        CAST(resolution, 'Enum8(\'hour\' = 2, \'day\' = 3, \'month\' = 4)'),
        period,
        max(generation)
    FROM rollup_generations
    WHERE (resolution IN ('hour', 'day', 'month')) AND (period >= begins) AND (period < ends) AND ((resolution != 'hour') OR (period < first_day) OR (period >= end_day)) AND ((resolution != 'day') OR (period < first_month) OR (period >= end_month))
    GROUP BY
        resolution,
        period
));

CREATE MATERIALIZED VIEW IF NOT EXISTS certificates_to_ocsp_responses TO ocsp_responses
(
    `fingerprint_sha256` String,
    `response_hash` FixedString(16),
    `response` String
)
AS SELECT
    fingerprint_sha256,
    MD5(ocsp_response) AS response_hash,
    ocsp_response AS response
FROM certificates
WHERE ocsp_response != '';

CREATE VIEW IF NOT EXISTS flow_records
(
    `flow_id` String,
    `sensor` LowCardinality(String),
    `policy` LowCardinality(String),
    `source` LowCardinality(String),
    `first_seen` DateTime64(6, 'UTC'),
    `last_seen` DateTime64(6, 'UTC'),
    `transport` LowCardinality(String),
    `client_port` UInt16,
    `server_port` UInt16,
    `increment` UInt16,
    `vni` Nullable(UInt32),
    `vlan` Nullable(UInt16),
    `tunnel` LowCardinality(Nullable(String)),
    `packets_client` UInt64,
    `packets_server` UInt64,
    `bytes_client` UInt64,
    `bytes_server` UInt64,
    `rtt_us` Nullable(UInt32),
    `visibility` Enum8('both' = 1, 'client_only' = 2, 'server_only' = 3),
    `app_protocol` LowCardinality(Nullable(String)),
    `upgrade` LowCardinality(Nullable(String)),
    `verdict` Enum8('plaintext' = 1, 'weak' = 2, 'strong' = 3, 'opaque' = 4, 'unknown' = 5, 'exempt' = 6),
    `violations` Array(LowCardinality(String)),
    `reason` LowCardinality(Nullable(String)),
    `credentials_exposed` Array(LowCardinality(String)),
    `alerts` Array(LowCardinality(String)),
    `server_name` LowCardinality(Nullable(String)),
    `tls_version` Nullable(UInt16),
    `tls_version_name` LowCardinality(Nullable(String)),
    `cipher_suite` Nullable(UInt32),
    `cipher_suite_name` LowCardinality(Nullable(String)),
    `named_group` Nullable(UInt16),
    `named_group_name` LowCardinality(Nullable(String)),
    `dh_bits` Nullable(UInt32),
    `alpn` LowCardinality(Nullable(String)),
    `ja3` Nullable(String),
    `ja3s` LowCardinality(Nullable(String)),
    `ja4` LowCardinality(Nullable(String)),
    `hello_retry` Nullable(Bool),
    `resumed` Nullable(Bool),
    `early_data` Bool,
    `ech` LowCardinality(Nullable(String)),
    `client_certificate` LowCardinality(Nullable(String)),
    `downgrade_sentinel` LowCardinality(Nullable(String)),
    `ocsp_staple` Bool,
    `compression_method` Nullable(UInt8),
    `renegotiation` Bool,
    `server_certificates` Array(LowCardinality(String)),
    `client_certificates` Array(LowCardinality(String)),
    `http_method` LowCardinality(Nullable(String)),
    `http_host` LowCardinality(Nullable(String)),
    `http_status` Nullable(UInt16),
    `http_redirects_to_https` Bool,
    `http_hsts` Bool,
    `http_cookies_set` UInt32,
    `http_cookies_insecure` UInt32,
    `handshake_us` Nullable(UInt32),
    `upgrade_state` LowCardinality(Nullable(String)),
    `protocol_version` LowCardinality(Nullable(String)),
    `protocol_security` LowCardinality(Nullable(String)),
    `auth_mechanisms` Array(LowCardinality(String)),
    `auth_outcome` LowCardinality(Nullable(String)),
    `http_service` LowCardinality(Nullable(String)),
    `payload_kind` LowCardinality(Nullable(String)),
    `quic_version` Nullable(UInt32),
    `ssh_version` Nullable(UInt8),
    `ssh_client_software` LowCardinality(Nullable(String)),
    `ssh_server_software` LowCardinality(Nullable(String)),
    `ssh_kex` LowCardinality(Nullable(String)),
    `ssh_host_key` LowCardinality(Nullable(String)),
    `ssh_cipher` LowCardinality(Nullable(String)),
    `ssh_mac` LowCardinality(Nullable(String)),
    `hassh` LowCardinality(Nullable(String)),
    `hassh_server` LowCardinality(Nullable(String)),
    `ssh_strict_kex` Nullable(Bool),
    `ssh_dh_bits` Nullable(UInt32),
    `ike_version` Nullable(UInt8),
    `ike_mode` LowCardinality(Nullable(String)),
    `ike_authentication` LowCardinality(Nullable(String)),
    `ike_encryption` LowCardinality(Nullable(String)),
    `ike_key_bits` Nullable(UInt16),
    `ike_integrity` LowCardinality(Nullable(String)),
    `ike_prf` LowCardinality(Nullable(String)),
    `ike_group` LowCardinality(Nullable(String)),
    `oddities` Array(LowCardinality(String)),
    `extended_master_secret` Nullable(Bool),
    `ike_offered_proposals` Array(LowCardinality(String)),
    `client_ip` String,
    `server_ip` String,
    `offered_versions` SimpleAggregateFunction(any, Array(UInt16)),
    `offered_cipher_suites` SimpleAggregateFunction(any, Array(UInt32)),
    `offered_groups` SimpleAggregateFunction(any, Array(UInt16)),
    `offered_signature_schemes` SimpleAggregateFunction(any, Array(UInt16)),
    `offered_alpn` SimpleAggregateFunction(any, Array(String))
)
AS SELECT
    lower(hex(f.flow_id)) AS flow_id,
    f.* EXCEPT (flow_id, client_ip, server_ip, client_hello_hash, stored_at) REPLACE (CAST(f.server_port, 'UInt16') AS server_port, CAST(f.tls_version, 'Nullable(UInt16)') AS tls_version, CAST(f.cipher_suite, 'Nullable(UInt32)') AS cipher_suite, CAST(f.named_group, 'Nullable(UInt16)') AS named_group, CAST(f.http_status, 'Nullable(UInt16)') AS http_status, CAST(f.quic_version, 'Nullable(UInt32)') AS quic_version),
    replaceRegexpOne(toString(f.client_ip), '^::ffff:([0-9.]+)$', '\\1') AS client_ip,
    replaceRegexpOne(toString(f.server_ip), '^::ffff:([0-9.]+)$', '\\1') AS server_ip,
    h.offered_versions AS offered_versions,
    h.offered_cipher_suites AS offered_cipher_suites,
    h.offered_groups AS offered_groups,
    h.offered_signature_schemes AS offered_signature_schemes,
    h.offered_alpn AS offered_alpn
FROM
(
    SELECT *
    FROM flows
    FINAL
) AS f
LEFT JOIN
(
    SELECT *
    FROM client_hellos
    FINAL
) AS h ON (h.client_hello_hash = f.client_hello_hash) AND (h.ja4 = ifNull(f.ja4, ''));

CREATE MATERIALIZED VIEW IF NOT EXISTS flows_in_to_certificate_chains TO certificate_chains
(
    `chain_hash` String,
    `role` String,
    `server_ip` IPv6,
    `server_port` UInt16,
    `server_name` String,
    `chain` Array(String),
    `first_shown` DateTime64(6, 'UTC'),
    `last_shown` DateTime64(6, 'UTC')
)
AS SELECT
    lower(hex(SHA256(arrayStringConcat(shown.1, ',')))) AS chain_hash,
    shown.2 AS role,
    f.server_ip AS server_ip,
    f.server_port AS server_port,
    ifNull(f.server_name, '') AS server_name,
    any(shown.1) AS chain,
    min(f.first_seen) AS first_shown,
    max(f.first_seen) AS last_shown
FROM flows_in AS f
ARRAY JOIN [(server_certificates, 'server'), (client_certificates, 'client')] AS shown
WHERE notEmpty(shown.1)
GROUP BY
    chain_hash,
    role,
    server_ip,
    server_port,
    server_name;

CREATE MATERIALIZED VIEW IF NOT EXISTS flows_in_to_certificate_sightings TO certificate_sightings
(
    `fingerprint_sha256` String,
    `role` String,
    `server_ip` IPv6,
    `server_port` UInt16,
    `server_name` String,
    `position` UInt8,
    `first_seen` DateTime64(6, 'UTC'),
    `last_seen` DateTime64(6, 'UTC'),
    `last_shown` DateTime64(6, 'UTC'),
    `flows` AggregateFunction(uniqCombined(12), FixedString(16))
)
AS SELECT
    presented.1 AS fingerprint_sha256,
    presented.2 AS role,
    f.server_ip AS server_ip,
    f.server_port AS server_port,
    ifNull(f.server_name, '') AS server_name,
    min(presented.3) AS position,
    min(f.first_seen) AS first_seen,
    max(f.last_seen) AS last_seen,
    max(f.first_seen) AS last_shown,
    uniqCombinedState(12)(toFixedString(unhex(f.flow_id), 16)) AS flows
FROM flows_in AS f
ARRAY JOIN arrayConcat(arrayMap((der, at) -> (der, 'server', toUInt8(least(at - 1, 255))), server_certificates, arrayEnumerate(server_certificates)), arrayMap((der, at) -> (der, 'client', toUInt8(least(at - 1, 255))), client_certificates, arrayEnumerate(client_certificates))) AS presented
GROUP BY
    fingerprint_sha256,
    role,
    server_ip,
    server_port,
    server_name;

CREATE MATERIALIZED VIEW IF NOT EXISTS flows_in_to_client_hellos TO client_hellos
(
    `client_hello_hash` UInt64,
    `ja4` String,
    `offered_versions` Array(UInt16),
    `offered_cipher_suites` Array(UInt32),
    `offered_groups` Array(UInt16),
    `offered_signature_schemes` Array(UInt16),
    `offered_alpn` Array(String),
    `first_seen` DateTime64(6, 'UTC'),
    `last_seen` DateTime64(6, 'UTC')
)
AS SELECT
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
GROUP BY
    f.client_hello_hash,
    f.ja4;

CREATE MATERIALIZED VIEW IF NOT EXISTS flows_in_to_flows TO flows
(
    `sensor` String,
    `policy` String,
    `source` String,
    `first_seen` DateTime64(6, 'UTC'),
    `last_seen` DateTime64(6, 'UTC'),
    `transport` String,
    `client_ip` IPv6,
    `client_port` UInt16,
    `server_ip` IPv6,
    `server_port` UInt16,
    `increment` UInt16,
    `vni` Nullable(UInt32),
    `vlan` Nullable(UInt16),
    `tunnel` Nullable(String),
    `packets_client` UInt64,
    `packets_server` UInt64,
    `bytes_client` UInt64,
    `bytes_server` UInt64,
    `rtt_us` Nullable(UInt32),
    `visibility` String,
    `app_protocol` Nullable(String),
    `upgrade` Nullable(String),
    `verdict` String,
    `violations` Array(String),
    `reason` Nullable(String),
    `credentials_exposed` Array(String),
    `alerts` Array(String),
    `server_name` Nullable(String),
    `tls_version` Nullable(UInt16),
    `tls_version_name` Nullable(String),
    `cipher_suite` Nullable(UInt32),
    `cipher_suite_name` Nullable(String),
    `named_group` Nullable(UInt16),
    `named_group_name` Nullable(String),
    `dh_bits` Nullable(UInt32),
    `alpn` Nullable(String),
    `ja3` Nullable(String),
    `ja3s` Nullable(String),
    `ja4` Nullable(String),
    `hello_retry` Nullable(Bool),
    `resumed` Nullable(Bool),
    `early_data` Bool,
    `ech` Nullable(String),
    `client_certificate` Nullable(String),
    `downgrade_sentinel` Nullable(String),
    `ocsp_staple` Bool,
    `compression_method` Nullable(UInt8),
    `renegotiation` Bool,
    `server_certificates` Array(String),
    `client_certificates` Array(String),
    `http_method` Nullable(String),
    `http_host` Nullable(String),
    `http_status` Nullable(UInt16),
    `http_redirects_to_https` Bool,
    `http_hsts` Bool,
    `http_cookies_set` UInt32,
    `http_cookies_insecure` UInt32,
    `handshake_us` Nullable(UInt32),
    `client_hello_hash` Nullable(UInt64),
    `upgrade_state` Nullable(String),
    `protocol_version` Nullable(String),
    `protocol_security` Nullable(String),
    `auth_mechanisms` Array(String),
    `auth_outcome` Nullable(String),
    `http_service` Nullable(String),
    `payload_kind` Nullable(String),
    `quic_version` Nullable(UInt32),
    `ssh_version` Nullable(UInt8),
    `ssh_client_software` Nullable(String),
    `ssh_server_software` Nullable(String),
    `ssh_kex` Nullable(String),
    `ssh_host_key` Nullable(String),
    `ssh_cipher` Nullable(String),
    `ssh_mac` Nullable(String),
    `hassh` Nullable(String),
    `hassh_server` Nullable(String),
    `ssh_strict_kex` Nullable(Bool),
    `ssh_dh_bits` Nullable(UInt32),
    `ike_version` Nullable(UInt8),
    `ike_mode` Nullable(String),
    `ike_authentication` Nullable(String),
    `ike_encryption` Nullable(String),
    `ike_key_bits` Nullable(UInt16),
    `ike_integrity` Nullable(String),
    `ike_prf` Nullable(String),
    `ike_group` Nullable(String),
    `oddities` Array(String),
    `extended_master_secret` Nullable(Bool),
    `ike_offered_proposals` Array(String),
    `flow_id` FixedString(16)
)
AS SELECT
    * EXCEPT (flow_id, offered_versions, offered_cipher_suites, offered_groups, offered_signature_schemes, offered_alpn),
    toFixedString(unhex(flow_id), 16) AS flow_id
FROM flows_in;

CREATE MATERIALIZED VIEW IF NOT EXISTS flows_in_to_plaintext_detections TO plaintext_detections
(
    `day` DateTime64(0, 'UTC'),
    `client_ip` IPv6,
    `server_ip` IPv6,
    `server_port` UInt16,
    `first_seen` DateTime64(6, 'UTC'),
    `detected_at` DateTime64(6, 'UTC')
)
AS SELECT
    toDateTime64(intDiv(toUnixTimestamp64Micro(f.first_seen), 86400000000) * 86400, 0, 'UTC') AS day,
    f.client_ip AS client_ip,
    f.server_ip AS server_ip,
    f.server_port AS server_port,
    min(f.first_seen) AS first_seen,
    min(now64(6, 'UTC')) AS detected_at
FROM flows_in AS f
WHERE f.verdict = 'plaintext'
GROUP BY
    day,
    client_ip,
    server_ip,
    server_port;

CREATE MATERIALIZED VIEW IF NOT EXISTS flows_in_to_rollup_marks TO rollup_marks
(
    `hour` DateTime64(0, 'UTC'),
    `marked_at` DateTime64(6, 'UTC')
)
AS SELECT
    toDateTime64(intDiv(toUnixTimestamp64Micro(f.first_seen), 3600000000) * 3600, 0, 'UTC') AS hour,
    max(now64(6, 'UTC')) AS marked_at
FROM flows_in AS f
GROUP BY hour;

CREATE VIEW IF NOT EXISTS incident_openings
AS WITH
    told AS
    (
        SELECT
            key,
            kind,
            severity,
            excepted,
            at,
            countIf(kind IN ('opened', 'reopened')) OVER (PARTITION BY key ORDER BY at ASC, kind IN ('opened', 'reopened') DESC ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW) AS opening
        FROM finding_events
        FINAL
        WHERE at <= {to:DateTime64(6, 'UTC')}
    ),
    lives AS
    (
        SELECT
            key,
            opening,
            minIf(at, (kind IN ('opened', 'reopened'))) AS opened_at,
            minIf(at, kind = 'acknowledged') AS acknowledged_at,
            minIf(at, kind = 'resolved') AS resolved_at,
            countIf(severity IN ('critical', 'high')) > 0 AS is_grave,
            countIf(kind IN ('resolved', 'dormant')) = 0 AS is_open,
            countIf(excepted) > 0 AS was_excepted,
            opening = max(opening) OVER (PARTITION BY key) AS is_last
        FROM told
        WHERE opening > 0
        GROUP BY
            key,
            opening
    )
SELECT
    key,
    opened_at,
    acknowledged_at,
    resolved_at,
    is_open,
    was_excepted OR (is_open AND (NOT is_last)) OR (is_open AND (key IN (
        SELECT key
        FROM findings
        FINAL
        WHERE (exception_owner IS NOT NULL) AND (parseDateTime64BestEffortOrNull(exception_expires, 6, 'UTC') > least({to:DateTime64(6, 'UTC')}, now64(6, 'UTC')))
    ))) AS is_excepted,
    acknowledged_at > toDateTime64(0, 6, 'UTC') AS is_acknowledged,
    resolved_at > toDateTime64(0, 6, 'UTC') AS is_resolved,
    toUnixTimestamp64Micro(acknowledged_at) - toUnixTimestamp64Micro(opened_at) AS acknowledged_us,
    toUnixTimestamp64Micro(resolved_at) - toUnixTimestamp64Micro(opened_at) AS resolved_us,
    toUnixTimestamp64Micro({to:DateTime64(6, 'UTC')}) - toUnixTimestamp64Micro(opened_at) AS age_us
FROM lives
WHERE is_grave AND (opened_at >= {from:DateTime64(6, 'UTC')});

CREATE VIEW IF NOT EXISTS kpi_edges
AS SELECT *
FROM edge_days
WHERE (day >= toDateTime64(intDiv(toUnixTimestamp64Micro({from:DateTime64(6, 'UTC')}), 86400000000) * 86400, 0, 'UTC')) AND (day <= {to:DateTime64(6, 'UTC')}) AND ((day, generation) IN (
    SELECT
        period,
        max(generation)
    FROM rollup_generations
    WHERE (resolution = 'edges') AND (period >= toDateTime64(intDiv(toUnixTimestamp64Micro({from:DateTime64(6, 'UTC')}), 86400000000) * 86400, 0, 'UTC')) AND (period <= {to:DateTime64(6, 'UTC')})
    GROUP BY period
)) AND (empty({zones:Array(String)}) OR has({zones:Array(String)}, client_zone) OR has({zones:Array(String)}, server_zone) OR has({zones:Array(String)}, concat(client_zone, '>', server_zone)) OR (has({zones:Array(String)}, '!external') AND (client_zone != 'external') AND (server_zone != 'external'))) AND (empty({services:Array(String)}) OR has({services:Array(String)}, service)) AND (empty({sensors:Array(String)}) OR has({sensors:Array(String)}, sensor)) AND (empty({protocols:Array(String)}) OR has({protocols:Array(String)}, if(app_protocol = '', 'none', app_protocol))) AND (empty({packs:Array(String)}) OR hasAny(splitByChar(',', policy), {packs:Array(String)}));

CREATE VIEW IF NOT EXISTS kpi_episodes
AS WITH
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
    multiIf((toUnixTimestamp64Micro(proven_at) >= 1) AND (toUnixTimestamp64Micro(proven_at) <= asked_us), 'resolved', (asked_us - toUnixTimestamp64Micro(last_seen)) >= silent_us, 'dormant', 'open') AS state
FROM plaintext_episodes
WHERE (opened_at >= {from:DateTime64(6, 'UTC')}) AND (opened_at <= {to:DateTime64(6, 'UTC')}) AND (generation = (
    SELECT max(generation)
    FROM rollup_generations
    WHERE resolution = 'episodes'
)) AND (empty({zones:Array(String)}) OR has({zones:Array(String)}, client_zone) OR has({zones:Array(String)}, server_zone) OR has({zones:Array(String)}, concat(client_zone, '>', server_zone)) OR (has({zones:Array(String)}, '!external') AND (client_zone != 'external') AND (server_zone != 'external'))) AND (empty({services:Array(String)}) OR hasAny(services, {services:Array(String)})) AND (empty({sensors:Array(String)}) OR hasAny(sensors, {sensors:Array(String)})) AND (empty({protocols:Array(String)}) OR hasAny(protocols, {protocols:Array(String)})) AND (empty({packs:Array(String)}) OR hasAny(packs, {packs:Array(String)}));

CREATE VIEW IF NOT EXISTS kpi_losses
AS SELECT
    sensor,
    sum(dropped) AS dropped,
    sum(received) AS received
FROM health_hours
FINAL
WHERE (hour >= toDateTime64(intDiv(toUnixTimestamp64Micro({from:DateTime64(6, 'UTC')}), 3600000000) * 3600, 0, 'UTC')) AND (hour <= {to:DateTime64(6, 'UTC')}) AND (empty({sensors:Array(String)}) OR has({sensors:Array(String)}, sensor))
GROUP BY sensor;

CREATE VIEW IF NOT EXISTS kpi_rows
AS WITH
    toUnixTimestamp64Micro({from:DateTime64(6, 'UTC')}) AS from_us,
    toUnixTimestamp64Micro({to:DateTime64(6, 'UTC')}) AS to_us,
    multiIf((to_us - from_us) <= 21600000000, 'minute', (to_us - from_us) <= 172800000000, 'hour', 'day') AS grain,
    (to_us - from_us) > 5356800000000 AS by_month,
    if(grain = 'minute', 60, 3600) AS grain_s,
    toDateTime64(intDiv(from_us, grain_s * 1000000) * grain_s, 0, 'UTC') AS begins,
    toDateTime64((intDiv(to_us, grain_s * 1000000) * grain_s) + grain_s, 0, 'UTC') AS ends,
    toDateTime64(intDiv(from_us, 3600000000) * 3600, 0, 'UTC') AS first_hour,
    toDateTime64(intDiv(from_us + if(by_month, 0, 86399999999), 86400000000) * 86400, 0, 'UTC') AS first_day,
    toDateTime64(intDiv(to_us + if(by_month, 86399999999, 1000), 86400000000) * 86400, 0, 'UTC') AS end_day,
    (((toYear(first_day) * 12) + toMonth(first_day)) - 1) + (toDayOfMonth(first_day) > 1) AS first_month_number,
    if(by_month, makeDateTime64(intDiv(first_month_number, 12), (first_month_number % 12) + 1, 1, 0, 0, 0, 0, 0, 'UTC'), end_day) AS first_month,
    if(by_month, makeDateTime64(toYear(end_day), toMonth(end_day), 1, 0, 0, 0, 0, 0, 'UTC'), end_day) AS end_month,
    makeDateTime64(toYear(first_month), 1, 1, 0, 0, 0, 0, 0, 'UTC') AS first_year
SELECT *
FROM rollups
WHERE (by_service = notEmpty({services:Array(String)})) AND (((grain = 'minute') AND (resolution = 'minute') AND (bucket >= begins) AND (bucket < ends)) OR ((grain = 'hour') AND (resolution = 'hour') AND (bucket >= begins) AND (bucket < ends)) OR ((grain = 'day') AND (NOT by_month) AND (resolution = 'hour') AND (bucket >= begins) AND (bucket < first_day)) OR ((grain = 'day') AND (NOT by_month) AND (resolution = 'hour') AND (bucket >= end_day) AND (bucket < ends)) OR ((grain = 'day') AND (resolution = 'day') AND (bucket >= first_day) AND (bucket < first_month)) OR ((grain = 'day') AND (resolution = 'day') AND (bucket >= end_month) AND (bucket < end_day)) OR (by_month AND (resolution = 'month') AND (bucket >= first_year) AND (bucket < addMonths(end_month, 1)) AND (period >= first_month) AND (period < end_month))) AND ((resolution, period, generation) IN (
    SELECT
        CAST(resolution, 'Enum8(\'minute\' = 1, \'hour\' = 2, \'day\' = 3, \'month\' = 4)'),
        period,
        max(generation)
    FROM rollup_generations
    WHERE ((grain IN ('minute', 'hour')) AND (resolution = grain) AND (period >= first_hour) AND (period < ends)) OR ((grain = 'day') AND (NOT by_month) AND (resolution = 'hour') AND (period >= begins) AND (period < first_day)) OR ((grain = 'day') AND (NOT by_month) AND (resolution = 'hour') AND (period >= end_day) AND (period < ends)) OR ((grain = 'day') AND (resolution = 'day') AND (period >= first_day) AND (period < first_month)) OR ((grain = 'day') AND (resolution = 'day') AND (period >= end_month) AND (period < end_day)) OR (by_month AND (resolution = 'month') AND (period >= first_month) AND (period < end_month))
    GROUP BY
        resolution,
        period
)) AND (empty({zones:Array(String)}) OR has({zones:Array(String)}, client_zone) OR has({zones:Array(String)}, server_zone) OR has({zones:Array(String)}, concat(client_zone, '>', server_zone)) OR (has({zones:Array(String)}, '!external') AND (client_zone != 'external') AND (server_zone != 'external'))) AND (empty({services:Array(String)}) OR has({services:Array(String)}, service)) AND (empty({sensors:Array(String)}) OR has({sensors:Array(String)}, sensor)) AND (empty({protocols:Array(String)}) OR has({protocols:Array(String)}, if(app_protocol = '', 'none', app_protocol))) AND (empty({packs:Array(String)}) OR hasAny(splitByChar(',', policy), {packs:Array(String)}));

CREATE MATERIALIZED VIEW IF NOT EXISTS probes_to_certificate_chains TO certificate_chains
(
    `chain_hash` String,
    `role` String,
    `server_ip` IPv6,
    `server_port` UInt16,
    `server_name` String,
    `chain` Array(String),
    `first_shown` DateTime64(6, 'UTC'),
    `last_shown` DateTime64(6, 'UTC'),
    `provenance` String
)
AS SELECT
    lower(hex(SHA256(arrayStringConcat(p.server_certificates, ',')))) AS chain_hash,
    'server' AS role,
    p.server_ip AS server_ip,
    p.server_port AS server_port,
    p.server_name AS server_name,
    any(p.server_certificates) AS chain,
    min(p.probed_at) AS first_shown,
    max(p.probed_at) AS last_shown,
    'probed' AS provenance
FROM probes AS p
WHERE notEmpty(p.server_certificates)
GROUP BY
    chain_hash,
    role,
    server_ip,
    server_port,
    server_name;

CREATE MATERIALIZED VIEW IF NOT EXISTS probes_to_certificate_sightings TO certificate_sightings
(
    `fingerprint_sha256` String,
    `role` String,
    `server_ip` IPv6,
    `server_port` UInt16,
    `server_name` String,
    `position` UInt8,
    `first_seen` DateTime64(6, 'UTC'),
    `last_seen` DateTime64(6, 'UTC'),
    `last_shown` DateTime64(6, 'UTC'),
    `flows` AggregateFunction(uniqCombined(12), FixedString(16)),
    `provenance` String
)
AS SELECT
    presented.1 AS fingerprint_sha256,
    'server' AS role,
    p.server_ip AS server_ip,
    p.server_port AS server_port,
    p.server_name AS server_name,
    min(presented.2) AS position,
    min(p.probed_at) AS first_seen,
    max(p.probed_at) AS last_seen,
    max(p.probed_at) AS last_shown,
    uniqCombinedState(12)(toFixedString(unhex(p.probe_id), 16)) AS flows,
    'probed' AS provenance
FROM probes AS p
ARRAY JOIN arrayMap((der, at) -> (der, toUInt8(least(at - 1, 255))), server_certificates, arrayEnumerate(server_certificates)) AS presented
GROUP BY
    fingerprint_sha256,
    server_ip,
    server_port,
    server_name;

CREATE MATERIALIZED VIEW IF NOT EXISTS sensor_health_to_health_marks TO health_marks
(
    `hour` DateTime64(0, 'UTC'),
    `marked_at` DateTime64(6, 'UTC')
)
AS SELECT
    toDateTime64(intDiv(toUnixTimestamp64Micro(window_start), 3600000000) * 3600, 0, 'UTC') AS hour,
    max(now64(6, 'UTC')) AS marked_at
FROM sensor_health
GROUP BY hour;

CREATE VIEW IF NOT EXISTS zone_ranges
(
    `name` String,
    `vni` Int64,
    `low` IPv6,
    `high` IPv6
)
AS SELECT
    name,
    vni,
    low,
    high
FROM
(
    SELECT
        name,
        vni,
        low,
        high,
        prefix,
        false AS is_default
    FROM zones
    FINAL
    WHERE (revision = (
        SELECT max(revision)
        FROM zones
    )) AND (name != '')
    UNION ALL
    SELECT
        if((net.2) = 0, 'external', 'internal') AS name,
        toInt64(-1) AS vni,
        (IPv6CIDRToRange(toIPv6(net.1), net.2)).1 AS low,
        (IPv6CIDRToRange(toIPv6(net.1), net.2)).2 AS high,
        net.2 AS prefix,
        true AS is_default
    FROM
    (
        SELECT arrayJoin([('::ffff:10.0.0.0', 104), ('::ffff:172.16.0.0', 108), ('::ffff:192.168.0.0', 112), ('::ffff:100.64.0.0', 106), ('::ffff:169.254.0.0', 112), ('::ffff:127.0.0.0', 104), ('::ffff:224.0.0.0', 100), ('::ffff:255.255.255.255', 128), ('::ffff:0.0.0.0', 128), ('fc00::', 7), ('fe80::', 10), ('ff00::', 8), ('::', 127), ('::', 0)]) AS net
    )
)
ORDER BY
    is_default ASC,
    vni = -1 ASC,
    prefix DESC,
    name ASC;
