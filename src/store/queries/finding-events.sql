-- What happened to one finding.
SELECT at, kind, severity, state, what, flows
FROM finding_events FINAL
WHERE key = {key:String}
ORDER BY at, stored_at
LIMIT 10000
