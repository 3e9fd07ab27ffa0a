-- What happened to findings, by when it was stored (seconds of the store's clock, {since} with them), {limit} events. What was stored
-- twice may be here twice.
SELECT toUnixTimestamp(e.stored_at) AS stored_s, formatDateTime(e.at, '%Y-%m-%dT%H:%i:%S.%fZ', 'UTC') AS at, kind, key, rule, severity, state, what, flows
FROM finding_events AS e
WHERE e.stored_at >= toDateTime({since:UInt32}, 'UTC')
ORDER BY e.stored_at, e.at, key, kind
LIMIT {limit:UInt32}
