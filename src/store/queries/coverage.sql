-- Encryption coverage of the flows that overlap [from, to], by flows, by L4 payload bytes and by edges
-- (client address, server address, server port). enc = weak + strong + opaque; exempt is outside all three ratios.
-- low = enc / (enc + plaintext + unknown), point = enc / (enc + plaintext),
-- high = (enc + unknown) / (enc + plaintext + unknown), each 0..1, or NULL where the denominator is 0.
-- An edge is as bad as its worst flow; it is exempt only when all its flows are.
WITH
    weak + strong + opaque AS enc,
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
    unit,
    arraySum(mapValues(amounts)) AS total,
    amounts['plaintext'] AS plaintext,
    amounts['weak'] AS weak,
    amounts['strong'] AS strong,
    amounts['opaque'] AS opaque,
    amounts['unknown'] AS unknown,
    amounts['exempt'] AS exempt,
    enc / nullIf(enc + plaintext + unknown, 0) AS low,
    enc / nullIf(enc + plaintext, 0) AS point,
    (enc + unknown) / nullIf(enc + plaintext + unknown, 0) AS high
FROM
(
    SELECT
        sumMap(flows_by_verdict) AS flows,
        sumMap(bytes_by_verdict) AS bytes,
        sumMap(edge_by_verdict) AS edges
    FROM edges
)
ARRAY JOIN ['flows', 'bytes', 'edges'] AS unit, [flows, bytes, edges] AS amounts
