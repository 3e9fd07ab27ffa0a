-- Whether the server agreed to extended_master_secret (RFC 7627), NULL where it was not seen or is not needed; and what an initiator
-- of IKE proposed (docs/flow-record.md).
ALTER TABLE flows_in
    ADD COLUMN IF NOT EXISTS extended_master_secret Nullable(Bool),
    ADD COLUMN IF NOT EXISTS ike_offered_proposals Array(String);

ALTER TABLE flows
    ADD COLUMN IF NOT EXISTS extended_master_secret Nullable(Bool) CODEC(ZSTD(1)),
    ADD COLUMN IF NOT EXISTS ike_offered_proposals Array(LowCardinality(String)) CODEC(ZSTD(1));

-- A view keeps the columns it had when it was made; made anew rather than modified (0006).
DROP VIEW IF EXISTS flows_in_to_flows;

CREATE MATERIALIZED VIEW IF NOT EXISTS flows_in_to_flows TO flows AS
SELECT
    * EXCEPT (
        flow_id, offered_versions, offered_cipher_suites, offered_groups, offered_signature_schemes, offered_alpn
    ),
    toFixedString(unhex(flow_id), 16) AS flow_id
FROM flows_in;

-- Of the types that a view may have: numbers that a part keeps once (0023) are numbers here.
CREATE OR REPLACE VIEW flow_records AS
SELECT
    lower(hex(f.flow_id)) AS flow_id,
    f.* EXCEPT (flow_id, client_ip, server_ip, client_hello_hash, stored_at) REPLACE (
        CAST(f.server_port, 'UInt16') AS server_port,
        CAST(f.tls_version, 'Nullable(UInt16)') AS tls_version,
        CAST(f.cipher_suite, 'Nullable(UInt32)') AS cipher_suite,
        CAST(f.named_group, 'Nullable(UInt16)') AS named_group,
        CAST(f.http_status, 'Nullable(UInt16)') AS http_status,
        CAST(f.quic_version, 'Nullable(UInt32)') AS quic_version
    ),
    replaceRegexpOne(toString(f.client_ip), '^::ffff:([0-9.]+)$', '\\1') AS client_ip,
    replaceRegexpOne(toString(f.server_ip), '^::ffff:([0-9.]+)$', '\\1') AS server_ip,
    h.offered_versions AS offered_versions,
    h.offered_cipher_suites AS offered_cipher_suites,
    h.offered_groups AS offered_groups,
    h.offered_signature_schemes AS offered_signature_schemes,
    h.offered_alpn AS offered_alpn
FROM (SELECT * FROM flows FINAL) AS f
LEFT JOIN (SELECT * FROM client_hellos FINAL) AS h ON h.client_hello_hash = f.client_hello_hash AND h.ja4 = ifNull(f.ja4, '');
