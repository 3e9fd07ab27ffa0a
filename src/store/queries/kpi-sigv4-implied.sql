-- Flows of TLS to a name of AWS, whose services want Signature Version 4 / flows of TLS that name a server. Unobservable: those that
-- name none, or hide it.
SELECT
    sum(tls_to_aws) AS numerator,
    sum(tls_named) AS denominator,
    sum(tls_flows) - sum(tls_named) AS unobservable,
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
