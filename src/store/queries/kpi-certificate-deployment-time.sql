-- Mean time to certificate deployment (SEC09-BP01): from the beginning of a renewed certificate's validity to its first use.
-- numerator: the sum of those times in seconds. denominator: renewals, the size of the sample. point = the mean.
-- Only certificates that follow another of their identity count: the first one was in use before the sensor looked.
-- A time over 30 days is taken for 30 days. unobservable: how many those were: nobody sees whether they were held back, or
-- used where no sensor is. low: without them, and an hour less, by which authorities set notBefore back. high = point.
-- Complement: ACM's IssuedAt by import, which is the real time of issue.
-- {from}, {to}: when it happened. {provenances}: only sightings known so (observed, probed); an empty list takes all.
WITH
deployed AS
    (
        SELECT
            identity,
            fingerprint_sha256,
            any(kind) AS kind,
            assumeNotNull(any(not_before)) AS begins,
            assumeNotNull(any(not_after)) AS ends,
            min(first_shown) AS first_shown_at,
            max(last_shown) AS last_shown_at
        FROM certificate_deployments
        WHERE not_before IS NOT NULL AND not_after IS NOT NULL
            AND (empty({provenances:Array(String)}) OR has({provenances:Array(String)}, toString(provenance)))
        GROUP BY identity, fingerprint_sha256
    ),
    -- The next certificate of the identity: made later and shown later, with the same type of key or when the old was gone.
    renewals AS
    (
        SELECT
            o.identity AS identity,
            o.fingerprint_sha256 AS old,
            argMin(n.fingerprint_sha256, n.first_shown_at) AS new,
            min(n.first_shown_at) AS renewed_at,
            argMin(n.begins, n.first_shown_at) AS new_begins,
            any(o.begins) AS old_begins,
            any(o.ends) AS old_ends,
            any(o.last_shown_at) AS old_last_shown
        FROM deployed AS o
        INNER JOIN deployed AS n ON n.identity = o.identity
        WHERE n.begins > o.begins AND n.first_shown_at > o.first_shown_at
            AND (n.kind = o.kind OR n.first_shown_at > o.last_shown_at)
        GROUP BY o.identity, o.fingerprint_sha256
    ),
    waits AS
    (
        SELECT greatest(dateDiff('second', new_begins, renewed_at), 0) AS seconds, least(seconds, 30 * 86400) AS counted
        FROM renewals
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
