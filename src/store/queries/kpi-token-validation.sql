-- HTTP in the clear with a bearer token that was answered by anything but 401 / that was answered. Unobservable: that was not, and
-- flows of TLS, which may carry HTTP.
SELECT
    sum(bearers_accepted) AS numerator,
    sum(bearers_accepted) + sum(bearers_refused) AS denominator,
    sum(bearers) - sum(bearers_accepted) - sum(bearers_refused) + sum(tls_flows) AS unobservable,
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
