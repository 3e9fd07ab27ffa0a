-- What of a flow no ordinary stack does (docs/flow-record.md).
ALTER TABLE flows_in ADD COLUMN IF NOT EXISTS oddities Array(String);

ALTER TABLE flows ADD COLUMN IF NOT EXISTS oddities Array(LowCardinality(String));

-- A view keeps the columns it had when it was made; made anew rather than modified (0006).
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
