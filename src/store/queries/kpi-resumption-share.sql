-- Flows that resumed a session / flows of TLS of which both hellos were seen. Unobservable: flows of TLS without that.
SELECT
    sum(resumed) AS numerator,
    sum(resumption_known) AS denominator,
    sum(tls_flows) - sum(resumption_known) AS unobservable,
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
