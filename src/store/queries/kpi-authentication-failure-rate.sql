-- Attempts to authenticate that failed / attempts whose outcome was seen. Unobservable: attempts without that, and encrypted or unknown
-- flows, inside which there may be one.
SELECT
    sum(auth_failures) AS numerator,
    sum(auth_successes) + sum(auth_failures) AS denominator,
    sum(auth_attempts) - sum(auth_successes) - sum(auth_failures) + sumIf(flows, auth = 'hidden') AS unobservable,
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
