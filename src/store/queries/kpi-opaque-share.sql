-- Encrypted flows whose strength cannot be seen / encrypted flows. Unobservable: flows that may be either.
SELECT
    sumIf(flows, verdict = 'opaque') AS numerator,
    sumIf(flows, verdict IN ('weak', 'strong', 'opaque')) AS denominator,
    sumIf(flows, verdict = 'unknown') AS unobservable,
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
