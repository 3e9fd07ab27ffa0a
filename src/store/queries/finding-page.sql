-- Findings, the one opened last first; those behind ({after_opened}, {after_key}), {limit} of them. An empty list asks for nothing.
SELECT * REPLACE (
    formatDateTime(opened_at, '%Y-%m-%dT%H:%i:%S.%fZ', 'UTC') AS opened_at,
    formatDateTime(first_seen, '%Y-%m-%dT%H:%i:%S.%fZ', 'UTC') AS first_seen,
    formatDateTime(last_seen, '%Y-%m-%dT%H:%i:%S.%fZ', 'UTC') AS last_seen,
    formatDateTime(resolved_at, '%Y-%m-%dT%H:%i:%S.%fZ', 'UTC') AS resolved_at,
    formatDateTime(acknowledged_at, '%Y-%m-%dT%H:%i:%S.%fZ', 'UTC') AS acknowledged_at
)
FROM
(
    SELECT * EXCEPT (version, stored_at)
    FROM findings FINAL
    WHERE (empty({states:Array(String)}) OR has({states:Array(String)}, state))
        AND (empty({severities:Array(String)}) OR has({severities:Array(String)}, severity))
        AND (empty({rules:Array(String)}) OR has({rules:Array(String)}, rule) OR has({rules:Array(String)}, name))
        AND (empty({subjects:Array(String)}) OR has({subjects:Array(String)}, subject))
        AND (empty({excepted:Array(String)}) OR has(
            {excepted:Array(String)},
            if(exception_owner IS NOT NULL AND ifNull(parseDateTimeBestEffortOrNull(exception_expires) > now(), false), 'yes', 'no')
        ))
        AND (empty({keys:Array(String)}) OR has({keys:Array(String)}, key))
        AND opened_at >= {from:DateTime64(6, 'UTC')} AND opened_at < {to:DateTime64(6, 'UTC')}
        AND ({is_first:Bool} OR (opened_at, key) < (parseDateTime64BestEffort({after_opened:String}, 6, 'UTC'), {after_key:String}))
    ORDER BY opened_at DESC, key DESC
    LIMIT {limit:UInt32}
)
ORDER BY opened_at DESC, key DESC
