-- From the opening of a critical or high finding until traffic proved that it is over, in seconds / openings that are over by proof.
-- Unobservable: openings that are not over, or whose subject fell silent (dormant). Those that an exception covers are in
-- incident-excepted-share. low = the lesser of point and the mean with the ages of those that are open by {to}; high is unknown (NULL)
-- where there are any.
-- {from}, {to}: when it opened.
SELECT
    sumIf(resolved_us, is_resolved AND NOT is_excepted) / 1000000 AS numerator,
    countIf(is_resolved AND NOT is_excepted) AS denominator,
    countIf(NOT is_resolved AND NOT is_excepted) AS unobservable,
    countIf(is_open AND NOT is_excepted) AS waiting,
    sumIf(age_us, is_open AND NOT is_excepted) / 1000000 AS waited,
    numerator / nullIf(denominator, 0) AS point,
    least(point, (numerator + waited) / nullIf(denominator + waiting, 0)) AS low,
    if(unobservable = 0, point, NULL) AS high,
    'seconds' AS unit
FROM incident_openings(from = {from:DateTime64(6, 'UTC')}, to = {to:DateTime64(6, 'UTC')})
