-- A flow as its JSON line had it: hexadecimal ids, IPv4 addresses as such, the client's offer beside it.
CREATE VIEW IF NOT EXISTS flow_records AS
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
