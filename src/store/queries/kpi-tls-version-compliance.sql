-- Flows of TLS 1.2 or newer (DTLS 1.2 is 65277, DTLS 1.3 65276, drafts of 1.3 begin with 0x7f) / flows whose version was
-- negotiated in sight. Unobservable: flows of TLS without that.
SELECT
    sumIf(flows, tls_version IN (771, 65277) OR tls_version IN (772, 65276) OR tls_version BETWEEN 32512 AND 32767) AS numerator,
    sumIf(flows, tls_version != 0) AS denominator,
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
