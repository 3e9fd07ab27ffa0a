-- Encrypted edges (client address, server address, server port) / encrypted and plaintext ones. An edge is as bad as its worst flow:
-- plaintext, encrypted, unknown; exempt flows are left out. Large numbers are estimates within 1 %. Unobservable: unknown ones, and an
-- estimate of those that are missing because frames were dropped (decision 0009); NULL where all may be, and then low = 0, high = 1.
WITH
    seen AS
    (
        SELECT
            sensor,
            uniqCombined64MergeStateIf(14)(edges, verdict = 'plaintext') AS clear,
            uniqCombined64MergeStateIf(14)(edges, verdict NOT IN ('unknown', 'exempt')) AS judged,
            uniqCombined64MergeStateIf(14)(edges, verdict != 'exempt') AS counted,
            uniqCombined64MergeIf(14)(edges, verdict != 'exempt') AS own
        FROM kpi_rows(
            from = {from:DateTime64(6, 'UTC')}, to = {to:DateTime64(6, 'UTC')}, zones = {zones:Array(String)},
            services = {services:Array(String)}, sensors = {sensors:Array(String)}, protocols = {protocols:Array(String)},
            packs = {packs:Array(String)}
        )
        GROUP BY sensor
    ),
    losses AS
    (
        SELECT sensor, dropped, received
        FROM kpi_losses(from = {from:DateTime64(6, 'UTC')}, to = {to:DateTime64(6, 'UTC')}, sensors = {sensors:Array(String)})
    ),
    (SELECT (countIf(dropped > 0 AND received = 0) > 0, countIf(dropped > 0 OR received = 0) > 0) FROM losses) AS blindness,
    (
        SELECT sumIf(own * dropped / received, received > 0)
        FROM seen
        INNER JOIN losses ON losses.sensor = seen.sensor
    ) AS lost,
    totals AS
    (
        SELECT
            uniqCombined64Merge(14)(clear) AS plaintext,
            uniqCombined64Merge(14)(judged) - plaintext AS encrypted,
            uniqCombined64Merge(14)(counted) - plaintext - encrypted AS unknown,
            blindness.1 OR (plaintext + encrypted + unknown = 0 AND blindness.2) AS is_blind
        FROM seen
    )
SELECT
    encrypted AS numerator,
    encrypted + plaintext AS denominator,
    if(is_blind, NULL, unknown + ifNull(lost, 0)) AS unobservable,
    numerator / nullIf(denominator, 0) AS point,
    if(is_blind, 0, numerator / nullIf(denominator + unobservable, 0)) AS low,
    if(is_blind, 1, (numerator + unobservable) / nullIf(denominator + unobservable, 0)) AS high,
    'share' AS unit
FROM totals
