-- Marks every hour that has flows, so that all is rolled up anew.
INSERT INTO rollup_marks (hour, marked_at)
SELECT DISTINCT toDateTime64(intDiv(toUnixTimestamp64Micro(first_seen), 3600000000) * 3600, 0, 'UTC'), now64(6, 'UTC')
FROM flows
