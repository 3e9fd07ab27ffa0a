-- From the first plaintext of an episode until it was stored, in seconds / episodes that were stored within 7 days. Unobservable: those
-- that were read from a file later than that, or were there before detections were kept.
WITH
    (toUnixTimestamp64Micro(detected.detected_at) - toUnixTimestamp64Micro(episodes.opened_at)) / 1000000 AS seconds,
    detected.detected_at > toDateTime64(0, 6, 'UTC') AND seconds < 604800 AS is_measured
SELECT
    sumIf(greatest(seconds, 0), is_measured) AS numerator,
    countIf(is_measured) AS denominator,
    countIf(NOT is_measured) AS unobservable,
    numerator / nullIf(denominator, 0) AS point,
    NULL AS low,
    NULL AS high,
    'seconds' AS unit
FROM plaintext_episodes(
    from = {from:DateTime64(6, 'UTC')}, to = {to:DateTime64(6, 'UTC')}, zones = {zones:Array(String)},
    services = {services:Array(String)}, sensors = {sensors:Array(String)}, protocols = {protocols:Array(String)},
    packs = {packs:Array(String)}
) AS episodes
LEFT JOIN
(
    SELECT day, client_ip, server_ip, server_port, min(detected_at) AS detected_at
    FROM plaintext_detections
    GROUP BY day, client_ip, server_ip, server_port
) AS detected
    ON detected.client_ip = episodes.client_ip
    AND detected.server_ip = episodes.server_ip
    AND detected.server_port = episodes.server_port
    AND detected.day = toDateTime64(intDiv(toUnixTimestamp64Micro(episodes.opened_at), 86400000000) * 86400, 0, 'UTC')
