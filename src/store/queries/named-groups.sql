-- Flows and L4 payload bytes by negotiated key exchange group, most used first.
SELECT
    named_group,
    any(named_group_name) AS name,
    count() AS flows,
    sum(bytes_client + bytes_server) AS bytes
FROM flows FINAL
WHERE first_seen <= {to:DateTime64(6, 'UTC')} AND last_seen >= {from:DateTime64(6, 'UTC')} AND named_group IS NOT NULL
GROUP BY named_group
ORDER BY flows DESC, bytes DESC, named_group
