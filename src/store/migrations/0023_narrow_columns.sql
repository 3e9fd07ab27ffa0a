-- Bytes of a flow on disk (docs/decisions/0023-store-at-scale.md). Words of a small vocabulary and names are kept once a part, and a flow
-- has their number: code points that IANA registers, ports of servers, names that clients ask for. Parts that are there are read
-- as they are, and rewritten in the background: a store of years must not keep a migration waiting.
ALTER TABLE flows
    MODIFY COLUMN server_port LowCardinality(UInt16) CODEC(ZSTD(1)),
    MODIFY COLUMN tls_version LowCardinality(Nullable(UInt16)) CODEC(ZSTD(1)),
    MODIFY COLUMN cipher_suite LowCardinality(Nullable(UInt32)) CODEC(ZSTD(1)),
    MODIFY COLUMN named_group LowCardinality(Nullable(UInt16)) CODEC(ZSTD(1)),
    MODIFY COLUMN http_status LowCardinality(Nullable(UInt16)) CODEC(ZSTD(1)),
    MODIFY COLUMN quic_version LowCardinality(Nullable(UInt32)) CODEC(ZSTD(1)),
    MODIFY COLUMN server_name LowCardinality(Nullable(String)) CODEC(ZSTD(1)),
    MODIFY COLUMN http_host LowCardinality(Nullable(String)) CODEC(ZSTD(1))
SETTINGS allow_suspicious_low_cardinality_types = 1, alter_sync = 0;
