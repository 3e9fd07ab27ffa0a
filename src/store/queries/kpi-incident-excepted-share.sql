-- Openings of critical and high findings that a suppression or a silence covers, before or while they are open / all such openings.
-- Unobservable: nothing; of openings that were stored before events said so, those that were over are taken for incidents.
-- {from}, {to}: when it opened.
SELECT
    countIf(is_excepted) AS numerator,
    count() AS denominator,
    toUInt64(0) AS unobservable,
    numerator / nullIf(denominator, 0) AS point,
    point AS low,
    point AS high,
    'share' AS unit
FROM incident_openings(from = {from:DateTime64(6, 'UTC')}, to = {to:DateTime64(6, 'UTC')})
