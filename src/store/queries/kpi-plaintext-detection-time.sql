-- From the first plaintext of an episode until it was stored, in seconds / episodes that were stored within 7 days. Unobservable: those
-- that were read from a file later than that, or were there before detections were kept.
WITH
    (toUnixTimestamp64Micro(detected_at) - toUnixTimestamp64Micro(opened_at)) / 1000000 AS seconds,
    toUnixTimestamp64Micro(detected_at) > 0 AND seconds < 604800 AS is_measured
SELECT
    sumIf(greatest(seconds, 0), is_measured) AS numerator,
    countIf(is_measured) AS denominator,
    countIf(NOT is_measured) AS unobservable,
    numerator / nullIf(denominator, 0) AS point,
    NULL AS low,
    NULL AS high,
    'seconds' AS unit
FROM kpi_episodes(
    from = {from:DateTime64(6, 'UTC')}, to = {to:DateTime64(6, 'UTC')}, zones = {zones:Array(String)},
    services = {services:Array(String)}, sensors = {sensors:Array(String)}, protocols = {protocols:Array(String)},
    packs = {packs:Array(String)}
)
