-- Flows, L4 payload bytes and edges by verdict; every verdict has a row. An edge (client address, server address,
-- server port) is counted once, under the worst verdict of its flows, as in coverage.sql.
WITH
    ['plaintext', 'weak', 'opaque', 'strong', 'unknown', 'exempt'] AS worst_first,
    edges AS
    (
        SELECT
            sumMap(map(verdict_name, toUInt64(1))) AS flows_by_verdict,
            sumMap(map(verdict_name, bytes_client + bytes_server)) AS bytes_by_verdict,
            map(worst_first[min(indexOf(worst_first, verdict_name))], toUInt64(1)) AS edge_by_verdict
        FROM
        (
            SELECT toString(verdict) AS verdict_name, client_ip, server_ip, server_port, bytes_client, bytes_server
            FROM flows FINAL
            WHERE first_seen <= {to:DateTime64(6, 'UTC')} AND last_seen >= {from:DateTime64(6, 'UTC')}
        )
        GROUP BY client_ip, server_ip, server_port
    )
SELECT
    verdict,
    flows_by[verdict] AS flows,
    bytes_by[verdict] AS bytes,
    edges_by[verdict] AS edges
FROM
(
    SELECT
        sumMap(flows_by_verdict) AS flows_by,
        sumMap(bytes_by_verdict) AS bytes_by,
        sumMap(edge_by_verdict) AS edges_by
    FROM edges
)
ARRAY JOIN ['plaintext', 'weak', 'strong', 'opaque', 'unknown', 'exempt'] AS verdict
