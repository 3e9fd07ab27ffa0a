-- Endpoints that encrypt weakly: those that break the most rules first, then by flows. Versions and suites by name.
SELECT
    replaceRegexpOne(toString(any(flows.server_ip)), '^::ffff:([0-9.]+)$', '\\1') AS server_ip,
    server_port,
    server_name,
    arraySort(groupUniqArray(tls_version_name)) AS tls_versions,
    arraySort(groupUniqArray(cipher_suite_name)) AS cipher_suites,
    arraySort(groupUniqArrayArray(violations)) AS violations,
    count() AS flows,
    sum(bytes_client + bytes_server) AS bytes
FROM flows FINAL
WHERE first_seen <= {to:DateTime64(6, 'UTC')} AND last_seen >= {from:DateTime64(6, 'UTC')} AND verdict = 'weak'
GROUP BY flows.server_ip, server_port, server_name
ORDER BY length(violations) DESC, flows DESC, bytes DESC, server_ip, server_port, server_name
LIMIT {limit:UInt32}
