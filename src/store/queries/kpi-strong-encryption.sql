-- Flows of which no rule failed / encrypted flows whose handshake was seen. Of the packs that were chosen, or by the verdict where
-- none was. Unobservable: encrypted flows without that, and unknown ones.
SELECT
    sumIf(
        flows,
        if(
            empty({packs:Array(String)}),
            verdict = 'strong',
            verdict IN ('strong', 'weak') AND NOT hasAny(splitByChar(',', failed_packs), {packs:Array(String)})
        )
    ) AS numerator,
    sumIf(flows, verdict IN ('strong', 'weak')) AS denominator,
    sumIf(flows, verdict IN ('opaque', 'unknown')) AS unobservable,
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
