-- Encryption coverage of the flows that overlap [from, to], by flows, by L4 payload bytes and by edges
-- (client address, server address, server port). enc = weak + strong + opaque; exempt is outside all three ratios.
-- low = enc / (enc + plaintext + unknown + lost), point = enc / (enc + plaintext),
-- high = (enc + unknown + lost) / (enc + plaintext + unknown + lost), each 0..1, or NULL where the denominator is 0.
-- An edge is as bad as its worst flow; it is exempt only when all its flows are.
-- lost: an estimate of what is missing because frames were dropped, counted like unknown. Per sensor it is what it saw
-- that is not exempt, times D / R, over the rows of sensor_health that overlap [from, to]: D = frames dropped by kernel
-- and interface, R = frames received. So what was dropped is taken to be like what was received. A flow of many frames
-- is missed only when all of them are, and an edge only when all its flows are: drops spread evenly lose fewer flows
-- than this, and fewer edges yet. Drops that hit new flows most (a flood) lose more. An edge seen by two sensors counts
-- at each. Frames lost before the interface, and while a sensor was down, are in no estimate.
-- lost is NULL where all may be lost, and then low = 0 and high = 1: a sensor dropped frames and received none; or
-- nothing was seen that is not exempt, and a sensor dropped frames or received none.
WITH
    weak + strong + opaque AS enc,
    enc + plaintext + unknown AS seen,
    ['plaintext', 'weak', 'opaque', 'strong', 'unknown', 'exempt'] AS worst_first,
    loss AS
    (
        SELECT sensor, sum(kernel_drops + interface_drops) AS dropped, sum(frames_received) AS received
        FROM sensor_health FINAL
        WHERE window_start <= {to:DateTime64(6, 'UTC')} AND window_end >= {from:DateTime64(6, 'UTC')}
        GROUP BY sensor
    ),
    (
        SELECT (countIf(dropped > 0 AND received = 0) > 0, countIf(dropped > 0 OR received = 0) > 0)
        FROM loss
    ) AS blindness,
    (
        SELECT
        (
            sum(flows * dropped / received),
            sum(bytes * dropped / received),
            sum(edges * dropped / received)
        )
        FROM
        (
            SELECT
                sensor,
                count() AS flows,
                sum(bytes_client + bytes_server) AS bytes,
                uniqExact(client_ip, server_ip, server_port) AS edges
            FROM flows FINAL
            WHERE first_seen <= {to:DateTime64(6, 'UTC')} AND last_seen >= {from:DateTime64(6, 'UTC')}
                AND verdict != 'exempt' AND sensor IN (SELECT sensor FROM loss WHERE dropped > 0 AND received > 0)
            GROUP BY sensor
        ) AS kept
        INNER JOIN loss ON loss.sensor = kept.sensor
    ) AS estimates,
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
    if(blindness.1 OR (seen = 0 AND blindness.2), NULL, estimate) AS lost,
    if(lost IS NULL, 0, enc / nullIf(seen + lost, 0)) AS low,
    enc / nullIf(enc + plaintext, 0) AS point,
    if(lost IS NULL, 1, (enc + unknown + lost) / nullIf(seen + lost, 0)) AS high
FROM
(
    SELECT
        sumMap(flows_by_verdict) AS flows,
        sumMap(bytes_by_verdict) AS bytes,
        sumMap(edge_by_verdict) AS edges
    FROM edges
)
ARRAY JOIN
    ['flows', 'bytes', 'edges'] AS unit,
    [flows, bytes, edges] AS amounts,
    [estimates.1, estimates.2, estimates.3] AS estimate
