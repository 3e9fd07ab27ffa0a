-- Time of handshakes / round-trip time of the same connections: how many round trips a handshake takes, with the work of both ends.
-- Unobservable: flows of TLS of which one or the other was not measured.
SELECT
    sum(handshake_us_beside_rtt) / 1000000 AS numerator,
    sum(rtt_us) / 1000000 AS denominator,
    sum(tls_flows) - least(sum(tls_flows), sum(handshakes_beside_rtt)) AS unobservable,
    numerator / nullIf(denominator, 0) AS point,
    NULL AS low,
    NULL AS high,
    'ratio' AS unit
FROM kpi_rows(
    from = {from:DateTime64(6, 'UTC')}, to = {to:DateTime64(6, 'UTC')}, zones = {zones:Array(String)},
    services = {services:Array(String)}, sensors = {sensors:Array(String)}, protocols = {protocols:Array(String)},
    packs = {packs:Array(String)}
)
WHERE verdict != 'exempt'
