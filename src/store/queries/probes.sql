-- Probes that were made in [from, to], oldest first: those after the one with that time and id. An empty list asks for nothing.
SELECT
    p.probe_id AS probe_id,
    formatDateTime(p.probed_at, '%Y-%m-%dT%H:%i:%S.%fZ', 'UTC') AS probed_at,
    p.sensor AS sensor,
    replaceRegexpOne(toString(p.server_ip), '^::ffff:([0-9.]+)$', '\\1') AS server_ip,
    p.server_port AS server_port,
    nullIf(p.server_name, '') AS server_name,
    p.protocol AS protocol,
    p.outcome AS outcome,
    p.handshakes AS handshakes,
    p.tls_version AS tls_version,
    p.cipher_suite AS cipher_suite,
    p.tls_versions AS tls_versions,
    p.cipher_suites AS cipher_suites,
    p.server_certificates AS server_certificates,
    p.is_stapled AS is_stapled,
    toString(p.provenance) AS provenance
FROM probes AS p FINAL
WHERE p.probed_at >= {from:DateTime64(6, 'UTC')} AND p.probed_at <= {to:DateTime64(6, 'UTC')}
    AND (p.probed_at, p.probe_id) > ({after_probed_at:DateTime64(6, 'UTC')}, toFixedString({after_probe_id:String}, 32))
    AND (empty({server_ips:Array(String)}) OR has(arrayMap(ip -> toIPv6(ip), {server_ips:Array(String)}), p.server_ip))
    AND (empty({server_names:Array(String)}) OR has({server_names:Array(String)}, p.server_name))
    AND (empty({outcomes:Array(String)}) OR has({outcomes:Array(String)}, p.outcome))
ORDER BY p.probed_at, p.probe_id
LIMIT {limit:UInt32}
