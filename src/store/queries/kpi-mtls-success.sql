-- Handshakes whose client showed a certificate and was not refused / handshakes in which the server asked for one and was answered.
-- Unobservable: handshakes of TLS 1.3 and resumed ones, where a certificate is not in sight, and requests without an answer.
SELECT
    sumIf(flows - mtls_refused, mtls = 'presented') AS numerator,
    sumIf(flows, mtls IN ('presented', 'empty')) AS denominator,
    sumIf(flows, mtls IN ('unobservable', 'requested')) AS unobservable,
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
