-- Makes the episodes of plaintext anew, of all days that edges have. An episode is over by proof: 20 encrypted flows over 24 hours after
-- its last plaintext, and no plaintext between them. What it is cut by is that of its plaintext.
INSERT INTO plaintext_episodes
WITH
    toDateTime64('1970-01-01 00:00:00', 6, 'UTC') AS never,
    20 AS proof_flows,
    86400000000 AS proof_us,
    clear AS
    (
        SELECT client_ip, server_ip, server_port
        FROM edge_days
        WHERE plaintext > 0
    ),
    days AS
    (
        SELECT
            client_ip, server_ip, server_port, day,
            sum(plaintext) > 0 AS has_plaintext,
            minIf(first_plaintext, plaintext > 0) AS first_clear,
            max(last_plaintext) AS last_clear,
            -- Of the sensor that saw most: two may have seen the same flows.
            arrayMax(sumMap([toString(sensor)], [encrypted_before]).2) AS before,
            max(last_encrypted_before) AS last_before,
            arrayMax(sumMap([toString(sensor)], [encrypted_after]).2) AS after,
            minIf(first_encrypted_after, encrypted_after > 0) AS first_after,
            max(last_encrypted_after) AS last_after,
            max(last_seen) AS seen,
            max(client_zone) AS clients,
            max(server_zone) AS servers,
            groupUniqArrayIf(service, plaintext > 0 AND service != '') AS some_services,
            groupUniqArrayIf(sensor, plaintext > 0) AS some_sensors,
            groupUniqArrayIf(if(app_protocol = '', 'none', app_protocol), plaintext > 0) AS some_protocols,
            groupUniqArrayArrayIf(splitByChar(',', policy), plaintext > 0) AS some_packs
        FROM edge_days
        WHERE (client_ip, server_ip, server_port) IN clear
            AND (day, generation) IN (
                SELECT period, max(generation) FROM rollup_generations WHERE resolution = 'edges' GROUP BY period
            )
        GROUP BY client_ip, server_ip, server_port, day
    ),
    -- A day with plaintext and those without that follow it are a block.
    numbered AS
    (
        SELECT
            *,
            sum(has_plaintext) OVER (PARTITION BY client_ip, server_ip, server_port ORDER BY day) AS block
        FROM days
    ),
    counted AS
    (
        SELECT
            *,
            sum(after) OVER sofar AS after_sofar,
            minIf(first_after, after > 0) OVER sofar AS first_sofar,
            after > 0 AND after_sofar >= proof_flows
                AND toUnixTimestamp64Micro(last_after) - toUnixTimestamp64Micro(first_sofar) >= proof_us AS is_proven
        FROM numbered
        WHERE block > 0
        WINDOW sofar AS (PARTITION BY client_ip, server_ip, server_port, block ORDER BY day)
    ),
    blocks AS
    (
        SELECT
            client_ip, server_ip, server_port, block,
            max(first_clear) AS block_opened,
            max(last_clear) AS block_last,
            sum(before) AS block_before,
            max(last_before) AS block_last_before,
            sum(after) AS block_after,
            minIf(first_after, after > 0) AS block_fixed,
            minIf(last_after, is_proven) AS proven_by_days,
            max(is_proven) AS has_proof,
            max(seen) AS block_seen,
            max(clients) AS block_client_zone,
            max(servers) AS block_server_zone,
            groupUniqArrayArray(some_services) AS block_services,
            groupUniqArrayArray(some_sensors) AS block_sensors,
            groupUniqArrayArray(some_protocols) AS block_protocols,
            groupUniqArrayArray(some_packs) AS block_packs
        FROM counted
        GROUP BY client_ip, server_ip, server_port, block
    ),
    -- What is encrypted on the day of the next plaintext, before it, belongs to this block.
    followed AS
    (
        SELECT
            *,
            leadInFrame(block_before) OVER forward AS before_next,
            leadInFrame(block_last_before) OVER forward AS last_before_next,
            block_after > 0 AND block_after + before_next >= proof_flows
                AND toUnixTimestamp64Micro(last_before_next) - toUnixTimestamp64Micro(block_fixed) >= proof_us AS has_late_proof,
            has_proof OR has_late_proof AS is_over,
            multiIf(has_proof, proven_by_days, has_late_proof, last_before_next, never) AS block_proven
        FROM blocks
        WINDOW forward AS (
            PARTITION BY client_ip, server_ip, server_port ORDER BY block ROWS BETWEEN CURRENT ROW AND 1 FOLLOWING
        )
    ),
    split AS
    (
        SELECT
            *,
            sum(is_over) OVER (
                PARTITION BY client_ip, server_ip, server_port ORDER BY block
                ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW
            ) - is_over AS episode
        FROM followed
    ),
    episodes AS
    (
        SELECT
            client_ip,
            server_ip,
            server_port,
            min(block_opened) AS opened_at,
            max(block_last) AS last_plaintext_at,
            if(max(is_over) > 0, argMax(block_fixed, block), never) AS fixed_at,
            if(max(is_over) > 0, argMax(block_proven, block), never) AS proven_at,
            max(block_seen) AS last_seen,
            max(block_client_zone) AS client_zone,
            max(block_server_zone) AS server_zone,
            groupUniqArrayArray(block_services) AS services,
            groupUniqArrayArray(block_sensors) AS sensors,
            groupUniqArrayArray(block_protocols) AS protocols,
            groupUniqArrayArray(block_packs) AS packs
        FROM split
        GROUP BY client_ip, server_ip, server_port, episode
    )
SELECT
    {generation:UInt64} AS generation,
    client_ip,
    server_ip,
    server_port,
    opened_at,
    detected.at AS detected_at,
    last_plaintext_at,
    fixed_at,
    proven_at,
    last_seen,
    client_zone,
    server_zone,
    services,
    sensors,
    protocols,
    packs,
    now() AS stored_at
FROM episodes
LEFT JOIN
(
    SELECT day, client_ip, server_ip, server_port, min(detected_at) AS at
    FROM plaintext_detections
    GROUP BY day, client_ip, server_ip, server_port
) AS detected
    ON detected.client_ip = episodes.client_ip
    AND detected.server_ip = episodes.server_ip
    AND detected.server_port = episodes.server_port
    AND detected.day = toDateTime64(intDiv(toUnixTimestamp64Micro(episodes.opened_at), 86400000000) * 86400, 0, 'UTC')
