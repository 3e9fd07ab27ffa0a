-- Whether a suppression or a silence covered the finding when it happened; of what was stored before it is not known.
ALTER TABLE finding_events ADD COLUMN IF NOT EXISTS excepted Bool DEFAULT false;

-- Openings of critical and high findings in [from, to], each with what came of it by {to}. A finding that comes again is another opening.
-- 1970 = it did not happen. is_excepted: somebody had accepted it, before or while it was open, and so it is no incident. A silence is
-- no event: where it holds, the finding says so; where it is over, the finding was told once more without having been over.
CREATE VIEW IF NOT EXISTS incident_openings AS
WITH
    told AS
    (
        SELECT
            key,
            kind,
            severity,
            excepted,
            at,
            countIf(kind IN ('opened', 'reopened')) OVER (
                PARTITION BY key ORDER BY at, kind IN ('opened', 'reopened') DESC
                ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW
            ) AS opening
        FROM finding_events FINAL
        WHERE at <= {to:DateTime64(6, 'UTC')}
    ),
    lives AS
    (
        SELECT
            key,
            opening,
            minIf(at, kind IN ('opened', 'reopened')) AS opened_at,
            minIf(at, kind = 'acknowledged') AS acknowledged_at,
            minIf(at, kind = 'resolved') AS resolved_at,
            countIf(severity IN ('critical', 'high')) > 0 AS is_grave,
            countIf(kind IN ('resolved', 'dormant')) = 0 AS is_open,
            countIf(excepted) > 0 AS was_excepted,
            opening = max(opening) OVER (PARTITION BY key) AS is_last
        FROM told
        WHERE opening > 0
        GROUP BY key, opening
    )
SELECT
    key,
    opened_at,
    acknowledged_at,
    resolved_at,
    is_open,
    was_excepted
        OR (is_open AND NOT is_last)
        OR (is_open AND key IN (
            SELECT key
            FROM findings FINAL
            WHERE exception_owner IS NOT NULL
                AND parseDateTime64BestEffortOrNull(exception_expires, 6, 'UTC') > least({to:DateTime64(6, 'UTC')}, now64(6, 'UTC'))
        )) AS is_excepted,
    acknowledged_at > toDateTime64(0, 6, 'UTC') AS is_acknowledged,
    resolved_at > toDateTime64(0, 6, 'UTC') AS is_resolved,
    toUnixTimestamp64Micro(acknowledged_at) - toUnixTimestamp64Micro(opened_at) AS acknowledged_us,
    toUnixTimestamp64Micro(resolved_at) - toUnixTimestamp64Micro(opened_at) AS resolved_us,
    toUnixTimestamp64Micro({to:DateTime64(6, 'UTC')}) - toUnixTimestamp64Micro(opened_at) AS age_us
FROM lives
WHERE is_grave AND opened_at >= {from:DateTime64(6, 'UTC')};
