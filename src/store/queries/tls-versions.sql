-- Flows and L4 payload bytes by negotiated TLS version, oldest first; flows whose negotiation was not seen are left out.
SELECT
    tls_version,
    any(tls_version_name) AS name,
    count() AS flows,
    sum(bytes_client + bytes_server) AS bytes
FROM flows FINAL
WHERE first_seen <= {to:DateTime64(6, 'UTC')} AND last_seen >= {from:DateTime64(6, 'UTC')} AND tls_version IS NOT NULL
GROUP BY tls_version
ORDER BY tls_version
