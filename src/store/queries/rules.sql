-- Rules that failed, as "pack/rule", most flows first. An endpoint is a server address and port.
SELECT
    violation,
    count() AS flows,
    uniqExact(server_ip, server_port) AS endpoints
FROM flows FINAL
ARRAY JOIN violations AS violation
WHERE first_seen <= {to:DateTime64(6, 'UTC')} AND last_seen >= {from:DateTime64(6, 'UTC')}
GROUP BY violation
ORDER BY flows DESC, violation
