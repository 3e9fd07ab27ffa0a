-- From the first packet of the flow that raised a critical or high finding until its opening was stored, in seconds / findings that were
-- stored within 7 days. Rules that wait for several flows raise with the last of them. Unobservable: findings of files that were read
-- later than that, and those of a sensor, which begin with its figures. Those that an exception covered when they opened are in
-- incident-excepted-share.
-- {from}, {to}: when it opened, in packet time.
WITH
    toUnixTimestamp(opening.stored_at) - toUnixTimestamp64Micro(finding.first_seen) / 1000000 AS seconds,
    finding.subject_kind != 'sensor' AND seconds < 604800 AS is_measured
SELECT
    sumIf(greatest(seconds, 0), is_measured) AS numerator,
    countIf(is_measured) AS denominator,
    countIf(NOT is_measured) AS unobservable,
    NULL AS low,
    numerator / nullIf(denominator, 0) AS point,
    NULL AS high,
    'seconds' AS unit
FROM
(
    SELECT key, min(stored_at) AS stored_at
    FROM finding_events
    WHERE kind = 'opened'
    GROUP BY key
    HAVING NOT argMin(excepted, at)
) AS opening
INNER JOIN
(
    SELECT key, first_seen, subject_kind
    FROM findings FINAL
    WHERE severity IN ('critical', 'high')
        AND opened_at >= {from:DateTime64(6, 'UTC')} AND opened_at <= {to:DateTime64(6, 'UTC')}
) AS finding ON finding.key = opening.key
