-- Marks the hours of flows that were stored by an insert which ended before its marks: its process was killed.
INSERT INTO rollup_marks (hour, marked_at)
SELECT DISTINCT toDateTime64(intDiv(toUnixTimestamp64Micro(first_seen), 3600000000) * 3600, 0, 'UTC'), now64(6, 'UTC')
FROM flows
WHERE stored_at >= (SELECT max(marked_at) FROM rollup_marks) - INTERVAL 1 HOUR
    AND toDateTime64(intDiv(toUnixTimestamp64Micro(first_seen), 3600000000) * 3600, 0, 'UTC') NOT IN (
        SELECT hour FROM rollup_marks GROUP BY hour HAVING max(marked_at) >= now64(6, 'UTC') - INTERVAL 1 HOUR
    )
