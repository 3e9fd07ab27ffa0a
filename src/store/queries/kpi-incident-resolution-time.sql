-- From the opening of a critical or high finding until traffic proved that it is over, in seconds / openings that are over by proof.
-- Unobservable: openings that are not over, or whose subject fell silent (dormant). A finding that comes again is another opening.
-- low = the lesser of point and the mean with the ages of those that are open by {to}; high is unknown (NULL) where there are any.
-- {from}, {to}: when it opened.
WITH
    told AS
    (
        SELECT
            key,
            kind,
            severity,
            at,
            countIf(kind IN ('opened', 'reopened')) OVER (
                PARTITION BY key ORDER BY at, kind IN ('opened', 'reopened') DESC
                ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW
            ) AS opening
        FROM finding_events FINAL
        WHERE at <= {to:DateTime64(6, 'UTC')}
    ),
    openings AS
    (
        SELECT
            minIf(at, kind IN ('opened', 'reopened')) AS opened_at,
            countIf(severity IN ('critical', 'high')) > 0 AS is_grave,
            countIf(kind IN ('resolved', 'dormant')) = 0 AS is_open,
            countIf(kind = 'resolved') > 0 AS is_done,
            toUnixTimestamp64Micro(if(is_done, minIf(at, kind = 'resolved'), {to:DateTime64(6, 'UTC')}))
                - toUnixTimestamp64Micro(opened_at) AS us
        FROM told
        WHERE opening > 0
        GROUP BY key, opening
    )
SELECT
    sumIf(us, is_done) / 1000000 AS numerator,
    countIf(is_done) AS denominator,
    countIf(NOT is_done) AS unobservable,
    least(point, (numerator + sumIf(us, NOT is_done AND is_open) / 1000000) / nullIf(denominator + countIf(NOT is_done AND is_open), 0)) AS low,
    numerator / nullIf(denominator, 0) AS point,
    if(unobservable = 0, point, NULL) AS high,
    'seconds' AS unit
FROM openings
WHERE is_grave AND opened_at >= {from:DateTime64(6, 'UTC')}
