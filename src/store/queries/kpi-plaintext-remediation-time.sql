-- From the first plaintext of an episode to the first encrypted flow of the proof that it is over, in seconds / episodes that are over.
-- low: to its last plaintext; high: to the end of the proof. Unobservable: dormant episodes, fixed or gone.
SELECT
    sumIf(toUnixTimestamp64Micro(fixed_at) - toUnixTimestamp64Micro(opened_at), state = 'resolved') / 1000000 AS numerator,
    countIf(state = 'resolved') AS denominator,
    countIf(state = 'dormant') AS unobservable,
    numerator / nullIf(denominator, 0) AS point,
    sumIf(toUnixTimestamp64Micro(last_plaintext_at) - toUnixTimestamp64Micro(opened_at), state = 'resolved') / 1000000
        / nullIf(denominator, 0) AS low,
    sumIf(toUnixTimestamp64Micro(proven_at) - toUnixTimestamp64Micro(opened_at), state = 'resolved') / 1000000
        / nullIf(denominator, 0) AS high,
    'seconds' AS unit
FROM kpi_episodes(
    from = {from:DateTime64(6, 'UTC')}, to = {to:DateTime64(6, 'UTC')}, zones = {zones:Array(String)},
    services = {services:Array(String)}, sensors = {sensors:Array(String)}, protocols = {protocols:Array(String)},
    packs = {packs:Array(String)}
)
