-- Mean time to certificate propagation (SEC09-BP01): from the first endpoint that shows a renewed certificate to 95 % of them.
-- The endpoints (address and port) of a rollout are those that showed the old certificate; point = the 95th percentile of
-- their delays over all rollouts that began in the time, in seconds; t50 and t100 beside it.
-- numerator: endpoints that show the new one. denominator: those, and the ones that showed the old one after the rollout
-- began and have not shown the new one (open). unobservable: endpoints that showed neither since: no traffic, or switched off.
-- low takes the unobservable for done at once; high takes them and the open ones for waiting until {to}, or until the last flow of all.
-- Complement: a probe of the silent endpoints.
-- {from}, {to}: when it happened. {provenances}: only sightings known so (observed, probed); an empty list takes all.
WITH
    -- When the flow ended that ended last. No flow that ended before the last hour in which one began did.
    (
        SELECT least(max(last_seen), {to:DateTime64(6, 'UTC')})
        FROM flows
        WHERE last_seen >= (SELECT max(hour) FROM rollup_marks)
    ) AS last_of_all,
    steps AS
    (
        SELECT
            renewed_at AS began,
            ifNull(first_shown_at <= {to:DateTime64(6, 'UTC')}, false) AS is_done,
            NOT is_done AND old_last_shown > renewed_at AS is_open,
            greatest(dateDiff('second', renewed_at, ifNull(first_shown_at, renewed_at)), 0) AS delay,
            greatest(dateDiff('second', renewed_at, last_of_all), 0) AS age
        FROM certificate_rollouts(provenances = {provenances:Array(String)})
        WHERE renewed_at >= {from:DateTime64(6, 'UTC')} AND renewed_at <= {to:DateTime64(6, 'UTC')}
    )
SELECT
    'seconds' AS unit,
    countIf(is_done) AS numerator,
    countIf(is_done OR is_open) AS denominator,
    countIf(NOT is_done AND NOT is_open) AS unobservable,
    if(denominator + unobservable = 0, NULL, quantileExactIf(0.95)(if(is_done, delay, 0), is_done OR NOT is_open)) AS low,
    if(numerator = 0, NULL, quantileExactIf(0.95)(delay, is_done)) AS point,
    if(denominator + unobservable = 0, NULL, quantileExact(0.95)(if(is_done, delay, age))) AS high,
    if(numerator = 0, NULL, quantileExactIf(0.5)(delay, is_done)) AS t50,
    if(numerator = 0, NULL, maxIf(delay, is_done)) AS t100,
    countIf(is_open) AS open
FROM steps
