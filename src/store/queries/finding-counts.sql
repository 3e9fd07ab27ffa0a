-- Findings that are not over, by rule, severity and state; those that an exception covers are a state of their own.
SELECT
    rule,
    severity,
    multiIf(
        exception_owner IS NOT NULL AND ifNull(parseDateTimeBestEffortOrNull(exception_expires) > now(), false), 'excepted',
        state
    ) AS told_as,
    toUInt32(count()) AS findings
FROM findings FINAL
WHERE state IN ('open', 'acknowledged')
GROUP BY rule, severity, told_as
ORDER BY findings DESC, rule, severity, told_as
LIMIT {limit:UInt32}
