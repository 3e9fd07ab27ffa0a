-- Times in which an edge spoke plaintext, as its days tell, one row each. An episode is resolved by proof: 20 encrypted flows
-- over 24 hours after its last plaintext, and no plaintext between them. What was silent for 7 days by the end of the range,
-- or by now, is dormant: fixed or gone, nobody can say. All else is open.
-- fixed_at: the first encrypted flow of the proof. proven_at: the last flow of the day, or of the part of a day before
-- plaintext came again, on which the proof was whole.
CREATE VIEW IF NOT EXISTS plaintext_episodes AS
WITH
    toDateTime64('1970-01-01 00:00:00', 6, 'UTC') AS never,
    20 AS proof_flows,
    86400000000 AS proof_us,
    604800000000 AS silent_us,
    chosen AS
    (
        SELECT *
        FROM kpi_edges(
            from = {from:DateTime64(6, 'UTC')}, to = {to:DateTime64(6, 'UTC')}, zones = {zones:Array(String)},
            services = {services:Array(String)}, sensors = {sensors:Array(String)},
            protocols = {protocols:Array(String)}, packs = {packs:Array(String)}
        )
    ),
    days AS
    (
        SELECT
            client_ip, server_ip, server_port, day,
            sum(plaintext) > 0 AS has_plaintext,
            minIf(first_plaintext, plaintext > 0) AS first_clear,
            max(last_plaintext) AS last_clear,
            sum(encrypted_before) AS before,
            max(last_encrypted_before) AS last_before,
            sum(encrypted_after) AS after,
            minIf(first_encrypted_after, encrypted_after > 0) AS first_after,
            max(last_encrypted_after) AS last_after,
            max(last_seen) AS seen
        FROM chosen
        WHERE (client_ip, server_ip, server_port) IN (
            SELECT client_ip, server_ip, server_port FROM chosen WHERE plaintext > 0
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
            max(seen) AS block_seen
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
    )
SELECT
    client_ip,
    server_ip,
    server_port,
    min(block_opened) AS opened_at,
    max(block_last) AS last_plaintext_at,
    max(is_over) > 0 AS resolved,
    if(resolved, argMax(block_fixed, block), never) AS fixed_at,
    if(resolved, argMax(block_proven, block), never) AS proven_at,
    multiIf(
        resolved, 'resolved',
        toUnixTimestamp64Micro(least({to:DateTime64(6, 'UTC')}, now64(6, 'UTC'))) - toUnixTimestamp64Micro(max(block_seen)) >= silent_us, 'dormant',
        'open'
    ) AS state
FROM split
GROUP BY client_ip, server_ip, server_port, episode;
