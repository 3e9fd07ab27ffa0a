-- Hours (since 1970) of which flows, edges or the health of sensors are not added up as they are now, oldest first. place: which of
-- all hours it is that have any.
SELECT hour_number, place, flows, edges, health
FROM
(
    SELECT
        intDiv(toUnixTimestamp64Second(hour), 3600) AS hour_number,
        row_number() OVER (ORDER BY hour) AS place,
        sum(is_flows) > 0 AS flows,
        sum(is_edges) > 0 AS edges,
        sum(is_health) > 0 AS health
    FROM
    (
        SELECT hour, max(marked_at) > max(done_at) AS is_flows, max(marked_at) > max(edges_done_at) AS is_edges, false AS is_health
        FROM rollup_marks
        GROUP BY hour
        UNION ALL
        SELECT hour, false AS is_flows, false AS is_edges, max(marked_at) > max(done_at) AS is_health
        FROM health_marks
        GROUP BY hour
    )
    GROUP BY hour
)
WHERE flows OR edges OR health
ORDER BY hour_number
