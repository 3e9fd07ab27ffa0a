-- Flows with a key exchange that is post-quantum or hybrid / encrypted flows whose key exchange was seen. Unobservable: encrypted
-- flows without that, and unknown ones.
SELECT
    sumIf(flows, kx = 'pq') AS numerator,
    sumIf(flows, kx != '') AS denominator,
    sumIf(flows, kx = '' AND verdict != 'plaintext') AS unobservable,
    numerator / nullIf(denominator, 0) AS point,
    numerator / nullIf(denominator + unobservable, 0) AS low,
    (numerator + unobservable) / nullIf(denominator + unobservable, 0) AS high,
    'share' AS unit
FROM kpi_rows(
    from = {from:DateTime64(6, 'UTC')}, to = {to:DateTime64(6, 'UTC')}, zones = {zones:Array(String)},
    services = {services:Array(String)}, sensors = {sensors:Array(String)}, protocols = {protocols:Array(String)},
    packs = {packs:Array(String)}
)
WHERE verdict != 'exempt'
