-- The time that 95 % of handshakes do not exceed, from a ClientHello to the end of what is in the clear; denominator: handshakes that were
-- timed. Unobservable: flows of TLS without that. Digests are merged as threads come to them: asked twice over much, it may differ in the fourth digit.
SELECT
    NULL AS numerator,
    sum(handshakes_timed) AS denominator,
    sum(tls_flows) - least(sum(tls_flows), denominator) AS unobservable,
    if(denominator = 0, NULL, quantilesTDigestMerge(0.5, 0.95)(handshake_quantiles)[2] / 1000000) AS point,
    NULL AS low,
    NULL AS high,
    'seconds' AS unit
FROM kpi_rows(
    from = {from:DateTime64(6, 'UTC')}, to = {to:DateTime64(6, 'UTC')}, zones = {zones:Array(String)},
    services = {services:Array(String)}, sensors = {sensors:Array(String)}, protocols = {protocols:Array(String)},
    packs = {packs:Array(String)}
)
WHERE verdict != 'exempt'
