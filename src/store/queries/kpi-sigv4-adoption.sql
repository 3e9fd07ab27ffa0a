-- HTTP in the clear that is signed with AWS Signature Version 4 / HTTP in the clear. Unobservable: flows of TLS, which may carry HTTP.
SELECT
    sum(http_sigv4) AS numerator,
    sum(http_requests) AS denominator,
    sum(tls_flows) AS unobservable,
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
