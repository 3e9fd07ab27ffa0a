-- What could not be judged and why, most flows first. `example`: up to three server ports with the most flows.
SELECT
    reason,
    sum(port_flows) AS flows,
    sum(port_bytes) AS bytes,
    arrayMap(
        busiest -> busiest.2,
        arraySlice(arraySort(groupArray((-toInt64(port_flows), server_port))), 1, 3)
    ) AS example
FROM
(
    SELECT reason, server_port, count() AS port_flows, sum(bytes_client + bytes_server) AS port_bytes
    FROM flows FINAL
    WHERE first_seen <= {to:DateTime64(6, 'UTC')} AND last_seen >= {from:DateTime64(6, 'UTC')} AND verdict = 'unknown'
    GROUP BY reason, server_port
)
GROUP BY reason
ORDER BY flows DESC, reason
