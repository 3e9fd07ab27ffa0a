-- What sensors counted in rows that came into the store after {after} and up to `until`, which is the next {after}. Seconds of
-- the store's own clock; a row may come to light a moment later than its time says, so the last few are left for the next call.
WITH toUnixTimestamp(now()) - 5 AS until_s
SELECT
    until_s AS until,
    sum(frames_received) AS frames_received,
    sum(wire_bytes) AS wire_bytes,
    sum(kernel_drops) AS kernel_drops,
    sum(interface_drops) AS interface_drops,
    sum(duplicates) AS duplicates,
    sum(frames_not_decoded) AS frames_not_decoded,
    sum(fragments_dropped) AS fragments_dropped,
    sum(malformed) AS malformed,
    sum(flows_started) AS flows_started,
    sum(flows_ended) AS flows_ended,
    sum(flows_evicted) AS flows_evicted,
    sum(sessions_evicted) AS sessions_evicted,
    sum(flows_lost) AS flows_lost,
    sum(records) AS records
FROM sensor_health
WHERE stored_at > toDateTime({after:UInt32}, 'UTC') AND stored_at <= toDateTime(until_s, 'UTC')
