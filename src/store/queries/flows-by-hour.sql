-- How many rows each hour (since 1970) has, of flows that began between {from} and {to}.
SELECT intDiv(toUnixTimestamp64Micro(first_seen), 3600000000) AS hour_number, count() AS flows
FROM flows
WHERE first_seen >= {from:DateTime64(6, 'UTC')} AND first_seen < {to:DateTime64(6, 'UTC')}
GROUP BY hour_number
