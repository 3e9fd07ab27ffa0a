-- What protocols other than TLS and HTTP say of themselves.
ALTER TABLE flows_in
    ADD COLUMN IF NOT EXISTS upgrade_state Nullable(String),
    ADD COLUMN IF NOT EXISTS protocol_version Nullable(String),
    ADD COLUMN IF NOT EXISTS protocol_security Nullable(String),
    ADD COLUMN IF NOT EXISTS auth_mechanisms Array(String),
    ADD COLUMN IF NOT EXISTS auth_outcome Nullable(String),
    ADD COLUMN IF NOT EXISTS http_service Nullable(String),
    ADD COLUMN IF NOT EXISTS payload_kind Nullable(String),
    ADD COLUMN IF NOT EXISTS quic_version Nullable(UInt32),
    ADD COLUMN IF NOT EXISTS ssh_version Nullable(UInt8),
    ADD COLUMN IF NOT EXISTS ssh_client_software Nullable(String),
    ADD COLUMN IF NOT EXISTS ssh_server_software Nullable(String),
    ADD COLUMN IF NOT EXISTS ssh_kex Nullable(String),
    ADD COLUMN IF NOT EXISTS ssh_host_key Nullable(String),
    ADD COLUMN IF NOT EXISTS ssh_cipher Nullable(String),
    ADD COLUMN IF NOT EXISTS ssh_mac Nullable(String),
    ADD COLUMN IF NOT EXISTS hassh Nullable(String),
    ADD COLUMN IF NOT EXISTS hassh_server Nullable(String),
    ADD COLUMN IF NOT EXISTS ssh_strict_kex Nullable(Bool),
    ADD COLUMN IF NOT EXISTS ssh_dh_bits Nullable(UInt32),
    ADD COLUMN IF NOT EXISTS ike_version Nullable(UInt8),
    ADD COLUMN IF NOT EXISTS ike_mode Nullable(String),
    ADD COLUMN IF NOT EXISTS ike_authentication Nullable(String),
    ADD COLUMN IF NOT EXISTS ike_encryption Nullable(String),
    ADD COLUMN IF NOT EXISTS ike_key_bits Nullable(UInt16),
    ADD COLUMN IF NOT EXISTS ike_integrity Nullable(String),
    ADD COLUMN IF NOT EXISTS ike_prf Nullable(String),
    ADD COLUMN IF NOT EXISTS ike_group Nullable(String);

ALTER TABLE flows
    ADD COLUMN IF NOT EXISTS upgrade_state LowCardinality(Nullable(String)),
    ADD COLUMN IF NOT EXISTS protocol_version LowCardinality(Nullable(String)),
    ADD COLUMN IF NOT EXISTS protocol_security LowCardinality(Nullable(String)),
    ADD COLUMN IF NOT EXISTS auth_mechanisms Array(LowCardinality(String)),
    ADD COLUMN IF NOT EXISTS auth_outcome LowCardinality(Nullable(String)),
    ADD COLUMN IF NOT EXISTS http_service LowCardinality(Nullable(String)),
    ADD COLUMN IF NOT EXISTS payload_kind LowCardinality(Nullable(String)),
    ADD COLUMN IF NOT EXISTS quic_version Nullable(UInt32),
    ADD COLUMN IF NOT EXISTS ssh_version Nullable(UInt8),
    ADD COLUMN IF NOT EXISTS ssh_client_software LowCardinality(Nullable(String)),
    ADD COLUMN IF NOT EXISTS ssh_server_software LowCardinality(Nullable(String)),
    ADD COLUMN IF NOT EXISTS ssh_kex LowCardinality(Nullable(String)),
    ADD COLUMN IF NOT EXISTS ssh_host_key LowCardinality(Nullable(String)),
    ADD COLUMN IF NOT EXISTS ssh_cipher LowCardinality(Nullable(String)),
    ADD COLUMN IF NOT EXISTS ssh_mac LowCardinality(Nullable(String)),
    ADD COLUMN IF NOT EXISTS hassh LowCardinality(Nullable(String)),
    ADD COLUMN IF NOT EXISTS hassh_server LowCardinality(Nullable(String)),
    ADD COLUMN IF NOT EXISTS ssh_strict_kex Nullable(Bool),
    ADD COLUMN IF NOT EXISTS ssh_dh_bits Nullable(UInt32),
    ADD COLUMN IF NOT EXISTS ike_version Nullable(UInt8),
    ADD COLUMN IF NOT EXISTS ike_mode LowCardinality(Nullable(String)),
    ADD COLUMN IF NOT EXISTS ike_authentication LowCardinality(Nullable(String)),
    ADD COLUMN IF NOT EXISTS ike_encryption LowCardinality(Nullable(String)),
    ADD COLUMN IF NOT EXISTS ike_key_bits Nullable(UInt16),
    ADD COLUMN IF NOT EXISTS ike_integrity LowCardinality(Nullable(String)),
    ADD COLUMN IF NOT EXISTS ike_prf LowCardinality(Nullable(String)),
    ADD COLUMN IF NOT EXISTS ike_group LowCardinality(Nullable(String));

-- A view keeps the columns it had when it was made. Made anew rather than modified: a modified one no longer drops a batch
-- that is sent again under its token.
DROP VIEW IF EXISTS flows_in_to_flows;

CREATE MATERIALIZED VIEW IF NOT EXISTS flows_in_to_flows TO flows AS
SELECT
    * EXCEPT (
        flow_id, offered_versions, offered_cipher_suites, offered_groups, offered_signature_schemes, offered_alpn
    ),
    toFixedString(unhex(flow_id), 16) AS flow_id
FROM flows_in;

CREATE OR REPLACE VIEW flow_records AS
SELECT
    lower(hex(f.flow_id)) AS flow_id,
    f.* EXCEPT (flow_id, client_ip, server_ip, client_hello_hash, stored_at),
    replaceRegexpOne(toString(f.client_ip), '^::ffff:([0-9.]+)$', '\\1') AS client_ip,
    replaceRegexpOne(toString(f.server_ip), '^::ffff:([0-9.]+)$', '\\1') AS server_ip,
    h.offered_versions AS offered_versions,
    h.offered_cipher_suites AS offered_cipher_suites,
    h.offered_groups AS offered_groups,
    h.offered_signature_schemes AS offered_signature_schemes,
    h.offered_alpn AS offered_alpn
FROM (SELECT * FROM flows FINAL) AS f
LEFT JOIN (SELECT * FROM client_hellos FINAL) AS h ON h.client_hello_hash = f.client_hello_hash AND h.ja4 = ifNull(f.ja4, '');
