-- Adds certificate_uses up to the next coarser resolution: hours to days, days to months; each finer period as its latest generation
-- has it. {periods} are the ones to make, in seconds since 1970; {from} and {to} enclose them.
INSERT INTO certificate_uses
SELECT
    {coarser:String} AS resolution,
    if(
        {coarser:String} = 'day',
        toDateTime64(intDiv(toUnixTimestamp64Second(r.period), 86400) * 86400, 0, 'UTC'),
        makeDateTime64(toYear(r.period), toMonth(r.period), 1, 0, 0, 0, 0, 0, 'UTC')
    ) AS coarse,
    {generation:UInt64},
    server_ip,
    server_port,
    leaf,
    sum(r.tls_flows),
    max(r.completed_at),
    sum(r.failing),
    sum(r.hidden),
    sum(r.answerable),
    sum(r.refused),
    now()
FROM certificate_uses AS r
WHERE r.resolution = {finer:String} AND r.period >= {from:DateTime64(6, 'UTC')} AND r.period < {to:DateTime64(6, 'UTC')}
    AND toUnixTimestamp64Second(coarse) IN (SELECT arrayJoin({periods:Array(Int64)}))
    AND (r.period, r.generation) IN (
        SELECT period, max(generation)
        FROM rollup_generations
        WHERE resolution = {finer:String} AND period >= {from:DateTime64(6, 'UTC')} AND period < {to:DateTime64(6, 'UTC')}
        GROUP BY period
    )
GROUP BY coarse, server_ip, server_port, leaf
