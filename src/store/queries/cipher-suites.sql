-- Flows and L4 payload bytes by negotiated cipher suite, most used first.
SELECT
    cipher_suite,
    cipher_suite_name AS name,
    count() AS flows,
    sum(bytes_client + bytes_server) AS bytes
FROM flows FINAL
WHERE first_seen <= {to:DateTime64(6, 'UTC')} AND last_seen >= {from:DateTime64(6, 'UTC')} AND cipher_suite IS NOT NULL
GROUP BY cipher_suite, cipher_suite_name
ORDER BY flows DESC, bytes DESC, cipher_suite
LIMIT {limit:UInt32}
