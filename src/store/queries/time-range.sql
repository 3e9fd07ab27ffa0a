-- From the first packet to the last of the flows that overlap [from, to], as RFC 3339; NULL when there are none.
-- `sources` counts capture files or interfaces.
SELECT
    if(flows = 0, NULL, formatDateTime(earliest, '%Y-%m-%dT%H:%i:%S.%fZ', 'UTC')) AS first_seen,
    if(flows = 0, NULL, formatDateTime(latest, '%Y-%m-%dT%H:%i:%S.%fZ', 'UTC')) AS last_seen,
    flows,
    sources
FROM
(
    SELECT min(first_seen) AS earliest, max(last_seen) AS latest, count() AS flows, uniqExact(source) AS sources
    FROM flows FINAL
    WHERE first_seen <= {to:DateTime64(6, 'UTC')} AND last_seen >= {from:DateTime64(6, 'UTC')}
)
