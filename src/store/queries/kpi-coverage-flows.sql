-- Encrypted flows (weak, strong or opaque) / encrypted and plaintext flows; exempt ones are left out. Unobservable: unknown ones, and an
-- estimate of those that are missing because frames were dropped (decision 0009); NULL where all may be, and then low = 0, high = 1.
WITH
    seen AS
    (
        SELECT
            sensor,
            sumIf(flows, verdict IN ('weak', 'strong', 'opaque')) AS encrypted,
            sumIf(flows, verdict = 'plaintext') AS plaintext,
            sumIf(flows, verdict = 'unknown') AS unknown
        FROM kpi_rows(
            from = {from:DateTime64(6, 'UTC')}, to = {to:DateTime64(6, 'UTC')}, zones = {zones:Array(String)},
            services = {services:Array(String)}, sensors = {sensors:Array(String)}, protocols = {protocols:Array(String)},
            packs = {packs:Array(String)}
        )
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
            sum(encrypted) AS encrypted,
            sum(plaintext) AS plaintext,
            sum(unknown) AS unknown,
            sumIf((seen.encrypted + seen.plaintext + seen.unknown) * dropped / received, received > 0) AS lost,
            countIf(is_known AND dropped > 0 AND received = 0) > 0
                OR (encrypted + plaintext + unknown = 0 AND countIf(is_known AND (dropped > 0 OR received = 0)) > 0) AS is_blind
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
