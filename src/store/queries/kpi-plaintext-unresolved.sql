-- Episodes of plaintext that are open / episodes that are open or resolved (by 20 encrypted flows over 24 hours and no plaintext).
-- Unobservable: dormant ones, silent for 7 days: fixed or gone.
SELECT
    countIf(state = 'open') AS numerator,
    countIf(state IN ('open', 'resolved')) AS denominator,
    countIf(state = 'dormant') AS unobservable,
    numerator / nullIf(denominator, 0) AS point,
    numerator / nullIf(denominator + unobservable, 0) AS low,
    (numerator + unobservable) / nullIf(denominator + unobservable, 0) AS high,
    'share' AS unit
FROM kpi_episodes(
    from = {from:DateTime64(6, 'UTC')}, to = {to:DateTime64(6, 'UTC')}, zones = {zones:Array(String)},
    services = {services:Array(String)}, sensors = {sensors:Array(String)}, protocols = {protocols:Array(String)},
    packs = {packs:Array(String)}
)
