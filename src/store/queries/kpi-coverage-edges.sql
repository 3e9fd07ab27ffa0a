-- Encrypted edges (client address, server address, server port) / encrypted and plaintext ones. An edge is as bad as its worst flow:
-- plaintext, encrypted, unknown; exempt flows are left out. Large numbers are estimates within 1 %. Unobservable: unknown ones, and an
-- estimate of those that are missing because frames were dropped (decision 0009); NULL where all may be, and then low = 0, high = 1.
WITH
    -- Each row's sketch is merged once: merging is what a long range costs.
    sketches AS
    (
        SELECT
            sensor,
            multiIf(verdict = 'plaintext', 'plaintext', verdict = 'unknown', 'unknown', 'encrypted') AS worst,
            uniqCombined64MergeState(14)(edges) AS some
        FROM kpi_rows(
            from = {from:DateTime64(6, 'UTC')}, to = {to:DateTime64(6, 'UTC')}, zones = {zones:Array(String)},
            services = {services:Array(String)}, sensors = {sensors:Array(String)}, protocols = {protocols:Array(String)},
            packs = {packs:Array(String)}
        )
        WHERE verdict != 'exempt'
        GROUP BY sensor, worst
    ),
    seen AS
    (
        SELECT
            sensor,
            uniqCombined64MergeStateIf(14)(some, worst = 'plaintext') AS clear,
            uniqCombined64MergeStateIf(14)(some, worst != 'unknown') AS judged,
            uniqCombined64MergeState(14)(some) AS counted
        FROM sketches
        GROUP BY sensor
    ),
    losses AS
    (
        SELECT sensor, dropped, received, true AS is_known
        FROM kpi_losses(from = {from:DateTime64(6, 'UTC')}, to = {to:DateTime64(6, 'UTC')}, sensors = {sensors:Array(String)})
    ),
    totals AS
    (
        SELECT
            uniqCombined64Merge(14)(clear) AS plaintext,
            uniqCombined64Merge(14)(judged) - plaintext AS encrypted,
            uniqCombined64Merge(14)(counted) - plaintext - encrypted AS unknown,
            sumIf(finalizeAggregation(seen.counted) * dropped / received, received > 0) AS lost,
            countIf(is_known AND dropped > 0 AND received = 0) > 0
                OR (plaintext + encrypted + unknown = 0 AND countIf(is_known AND (dropped > 0 OR received = 0)) > 0) AS is_blind
        FROM seen
        FULL OUTER JOIN losses ON losses.sensor = seen.sensor
    )
SELECT
    encrypted AS numerator,
    encrypted + plaintext AS denominator,
    if(is_blind, NULL, unknown + lost) AS unobservable,
    numerator / nullIf(denominator, 0) AS point,
    if(is_blind, 0, numerator / nullIf(denominator + unobservable, 0)) AS low,
    if(is_blind, 1, (numerator + unobservable) / nullIf(denominator + unobservable, 0)) AS high,
    'share' AS unit
FROM totals
