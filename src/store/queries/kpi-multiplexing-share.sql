-- Flows whose server chose HTTP/2 or HTTP/3 / flows of TLS whose choice of ALPN was seen. Unobservable: flows of TLS without that;
-- TLS 1.3 encrypts it.
SELECT
    sum(alpn_multiplexed) AS numerator,
    sum(alpn_known) AS denominator,
    sum(tls_flows) - sum(alpn_known) AS unobservable,
    numerator / nullIf(denominator, 0) AS point,
    numerator / nullIf(denominator + unobservable, 0) AS low,
    (numerator + unobservable) / nullIf(denominator + unobservable, 0) AS high,
    'share' AS unit
FROM kpi_rows(
    from = {from:DateTime64(6, 'UTC')}, to = {to:DateTime64(6, 'UTC')}, zones = {zones:Array(String)},
    services = {services:Array(String)}, sensors = {sensors:Array(String)}, protocols = {protocols:Array(String)},
    packs = {packs:Array(String)}
)
WHERE verdict NOT IN ('exempt', 'plaintext')
