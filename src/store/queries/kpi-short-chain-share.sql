-- Full handshakes with three certificates or fewer / full handshakes whose certificates were seen. Unobservable: full handshakes without
-- that; TLS 1.3 encrypts them.
SELECT
    sum(chains_short) AS numerator,
    sum(chains) AS denominator,
    greatest(sum(full_handshakes), sum(chains)) - sum(chains) AS unobservable,
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
