-- Bytes of a flow on disk (docs/decisions/0023-store-at-scale.md): columns that a higher level of ZSTD makes smaller. Others grow by it, as
-- what is packed in bits already has few bytes that repeat. Parts that are there stay as they are until they are merged.
ALTER TABLE flows
    MODIFY COLUMN last_seen CODEC(T64, ZSTD(6)),
    MODIFY COLUMN sensor CODEC(ZSTD(6)),
    MODIFY COLUMN source CODEC(ZSTD(6)),
    MODIFY COLUMN transport CODEC(ZSTD(6)),
    MODIFY COLUMN visibility CODEC(ZSTD(6)),
    MODIFY COLUMN tls_version CODEC(ZSTD(6)),
    MODIFY COLUMN tls_version_name CODEC(ZSTD(6)),
    MODIFY COLUMN cipher_suite CODEC(ZSTD(6)),
    MODIFY COLUMN cipher_suite_name CODEC(ZSTD(6)),
    MODIFY COLUMN named_group CODEC(ZSTD(6)),
    MODIFY COLUMN named_group_name CODEC(ZSTD(6)),
    MODIFY COLUMN extended_master_secret CODEC(ZSTD(6)),
    MODIFY COLUMN hello_retry CODEC(ZSTD(6)),
    MODIFY COLUMN resumed CODEC(ZSTD(6)),
    MODIFY COLUMN client_certificate CODEC(ZSTD(6)),
    MODIFY COLUMN upgrade CODEC(ZSTD(6)),
    MODIFY COLUMN upgrade_state CODEC(ZSTD(6)),
    MODIFY COLUMN reason CODEC(ZSTD(6)),
    MODIFY COLUMN auth_outcome CODEC(ZSTD(6)),
    MODIFY COLUMN protocol_version CODEC(ZSTD(6)),
    MODIFY COLUMN protocol_security CODEC(ZSTD(6)),
    MODIFY COLUMN http_method CODEC(ZSTD(6)),
    MODIFY COLUMN http_host CODEC(ZSTD(6)),
    MODIFY COLUMN http_status CODEC(ZSTD(6))
SETTINGS alter_sync = 0;
