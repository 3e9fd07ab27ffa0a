-- Services that answered in the clear: those that exposed credentials first, then by L4 payload bytes. `clients` counts
-- addresses; server_name and http_host are one of those seen.
SELECT
    replaceRegexpOne(toString(any(flows.server_ip)), '^::ffff:([0-9.]+)$', '\\1') AS server_ip,
    server_port,
    app_protocol,
    any(server_name) AS server_name,
    any(http_host) AS http_host,
    count() AS flows,
    sum(bytes_client + bytes_server) AS bytes,
    uniqExact(client_ip) AS clients,
    arraySort(groupUniqArrayArray(credentials_exposed)) AS credentials,
    arraySort(groupUniqArrayArray(violations)) AS violations
FROM flows FINAL
WHERE first_seen <= {to:DateTime64(6, 'UTC')} AND last_seen >= {from:DateTime64(6, 'UTC')} AND verdict = 'plaintext'
GROUP BY flows.server_ip, server_port, app_protocol
ORDER BY notEmpty(credentials) DESC, bytes DESC, flows DESC, server_ip, server_port, app_protocol
LIMIT {limit:UInt32}
