-- Mean time to certificate deployment (SEC09-BP01): from the beginning of a renewed certificate's validity to its first use.
-- numerator: the sum of those times in seconds. denominator: renewals, the size of the sample. point = the mean.
-- Only certificates that follow another of their identity count: the first one was in use before the sensor looked.
-- A time over 30 days is taken for 30 days. unobservable: how many those were: nobody sees whether they were held back, or
-- used where no sensor is. low: without them, and an hour less, by which authorities set notBefore back. high = point.
-- Complement: ACM's IssuedAt by import, which is the real time of issue.
-- {from}, {to}: when it happened. {provenances}: only sightings known so (observed, probed); an empty list takes all.
WITH
    waits AS
    (
        SELECT greatest(dateDiff('second', new_begins, renewed_at), 0) AS seconds, least(seconds, 30 * 86400) AS counted
        FROM certificate_renewals(provenances = {provenances:Array(String)})
        WHERE renewed_at >= {from:DateTime64(6, 'UTC')} AND renewed_at <= {to:DateTime64(6, 'UTC')}
    )
SELECT
    'seconds' AS unit,
    sum(counted) AS numerator,
    count() AS denominator,
    countIf(seconds > 30 * 86400) AS unobservable,
    sumIf(greatest(seconds - 3600, 0), seconds <= 30 * 86400) / nullIf(countIf(seconds <= 30 * 86400), 0) AS low,
    numerator / nullIf(denominator, 0) AS point,
    point AS high
FROM waits
