-- Full handshakes whose certificates were seen / full handshakes. Unobservable: flows of TLS whose version was not seen.
SELECT
    sum(chains) AS numerator,
    greatest(sum(full_handshakes), sum(chains)) AS denominator,
    sumIf(tls_flows, tls_version = 0) AS unobservable,
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
