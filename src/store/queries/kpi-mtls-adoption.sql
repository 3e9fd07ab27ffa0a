-- Handshakes whose client showed a certificate / handshakes that show whether it did. Unobservable: handshakes of TLS 1.3 and resumed
-- ones, where a certificate is not in sight.
SELECT
    sumIf(flows, mtls = 'presented') AS numerator,
    sumIf(flows, mtls IN ('presented', 'empty', 'none', 'requested')) AS denominator,
    sumIf(flows, mtls = 'unobservable') AS unobservable,
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
