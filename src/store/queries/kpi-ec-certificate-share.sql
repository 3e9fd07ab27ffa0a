-- Full handshakes whose leaf certificate has an EC or EdDSA key / full handshakes whose leaf was read. Unobservable: full handshakes
-- without that; TLS 1.3 encrypts it.
SELECT
    sum(leaves_ec) AS numerator,
    sum(leaves_known) AS denominator,
    greatest(sum(full_handshakes), sum(leaves_known)) - sum(leaves_known) AS unobservable,
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
