-- What each sensor received and lost of each source in the intervals that overlap [from, to]: the blind first, then
-- those that lost most. dropped = kernel_drops + interface_drops; dropped_share = dropped / (dropped +
-- frames_received), 0..1, or NULL where both are 0. state: of the latest interval. down_s: seconds of the intervals
-- that ended down or gone and had no frame, the mean of the workers. gap_flows, cap_flows: flows of that source of
-- which packets were missing, or that hit a cap, before a verdict. blind_since: RFC 3339, the end of the last interval
-- that had a frame, or the first start where none had; NULL when a frame came in the latest interval, or the source had
-- some and was ended.
WITH
    health AS
    (
        WITH h.state IN ('down', 'gone') AND h.frames_received = 0 AS is_down
        SELECT
            h.sensor AS sensor,
            h.source AS source,
            uniqExact(h.worker) AS workers,
            min(h.window_start) AS first_start,
            max((h.window_end, h.window_start, h.state)) AS latest,
            maxIf(h.window_start, h.frames_received > 0) AS last_frames_start,
            maxIf(h.window_end, h.frames_received > 0) AS last_frames_end,
            sumIf(dateDiff('microsecond', h.window_start, h.window_end), is_down) / 1000000 / workers AS down_s,
            sum(h.frames_received) AS frames_received,
            sum(h.wire_bytes) AS wire_bytes,
            sum(h.kernel_drops) AS kernel_drops,
            sum(h.ring_freezes) AS ring_freezes,
            sum(h.interface_drops) AS interface_drops,
            sum(h.frames_not_decoded) AS frames_not_decoded,
            sum(h.fragments_dropped) AS fragments_dropped,
            sum(h.flows_started) AS flows_started,
            sum(h.flows_ended) AS flows_ended,
            sum(h.flows_evicted) AS flows_evicted,
            sum(h.sessions_evicted) AS sessions_evicted,
            sum(h.flows_lost) AS flows_lost,
            sum(h.malformed) AS malformed,
            sum(h.records) AS records,
            sum(h.duplicates) AS duplicates
        FROM sensor_health AS h FINAL
        WHERE h.window_start <= {to:DateTime64(6, 'UTC')} AND h.window_end >= {from:DateTime64(6, 'UTC')}
        GROUP BY h.sensor, h.source
    ),
    cut_short AS
    (
        SELECT sensor, source, countIf(reason = 'gap') AS gap_flows, countIf(reason = 'cap_hit') AS cap_flows
        FROM flows FINAL
        WHERE first_seen <= {to:DateTime64(6, 'UTC')} AND last_seen >= {from:DateTime64(6, 'UTC')}
            AND verdict = 'unknown' AND reason IN ('gap', 'cap_hit')
        GROUP BY sensor, source
    )
SELECT
    health.sensor AS sensor,
    health.source AS source,
    workers,
    toString(latest.3) AS state,
    formatDateTime(first_start, '%Y-%m-%dT%H:%i:%S.%fZ', 'UTC') AS window_start,
    formatDateTime(latest.1, '%Y-%m-%dT%H:%i:%S.%fZ', 'UTC') AS window_end,
    multiIf(
        frames_received = 0, window_start,
        state != 'ended' AND last_frames_start < latest.2 AND last_frames_end <= latest.2,
        formatDateTime(last_frames_end, '%Y-%m-%dT%H:%i:%S.%fZ', 'UTC'),
        NULL
    ) AS blind_since,
    down_s,
    frames_received,
    wire_bytes,
    kernel_drops + interface_drops AS dropped,
    dropped / nullIf(dropped + frames_received, 0) AS dropped_share,
    kernel_drops,
    ring_freezes,
    interface_drops,
    frames_not_decoded,
    fragments_dropped,
    gap_flows,
    cap_flows,
    flows_started,
    flows_ended,
    flows_evicted,
    sessions_evicted,
    flows_lost,
    malformed,
    records,
    duplicates
FROM health
LEFT JOIN cut_short ON cut_short.sensor = health.sensor AND cut_short.source = health.source
ORDER BY
    blind_since IS NULL,
    dropped_share DESC NULLS LAST,
    down_s DESC,
    gap_flows + cap_flows + flows_evicted + sessions_evicted + flows_lost DESC,
    frames_not_decoded + fragments_dropped + ring_freezes DESC,
    state = 'gone' DESC,
    sensor,
    source
LIMIT {limit:UInt32}
