-- What happened to one finding.
SELECT formatDateTime(e.at, '%Y-%m-%dT%H:%i:%S.%fZ', 'UTC') AS at, kind, severity, state, what, flows
FROM finding_events AS e FINAL
WHERE key = {key:String}
ORDER BY e.at, e.stored_at
LIMIT 10000
