-- Flows with an encrypted ClientHello that the server accepted / flows of TLS with a ClientHello that either had none or was accepted.
-- Unobservable: those that had one and may have meant nothing by it (GREASE, RFC 9849 §6.2).
SELECT
    sum(ech_accepted) AS numerator,
    sum(hellos) - sum(ech_offered) + sum(ech_accepted) AS denominator,
    sum(ech_offered) - sum(ech_accepted) AS unobservable,
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
