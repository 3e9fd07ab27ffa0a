-- Certificate near misses (SEC09-BP01): renewals that came in the last tenth of the old certificate's life, or its last day.
-- numerator: renewals before the old certificate's end with max(24 h, 10 % of its lifetime) or less left of it, at the moment
-- the next one was first shown anywhere. denominator: all renewals before the end; late ones are expiration incidents.
-- unobservable: certificates that ended and were not renewed before eyes; low counts them out, high as near misses.
-- Complement: a probe; ACM's NotAfter beside RenewedAt.
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
    silent AS
    (
        SELECT count() AS certificates
        FROM deployed
        WHERE (identity, fingerprint_sha256) NOT IN (SELECT identity, old FROM renewals)
            AND ends >= {from:DateTime64(6, 'UTC')} AND ends <= {to:DateTime64(6, 'UTC')}
            AND last_shown_at <= ends + INTERVAL 5 MINUTE
    )
SELECT
    'share' AS unit,
    countIf(
        dateDiff('second', renewed_at, old_ends) <= greatest(86400, dateDiff('second', old_begins, old_ends) / 10)
    ) AS numerator,
    count() AS denominator,
    (SELECT certificates FROM silent) AS unobservable,
    numerator / nullIf(denominator + unobservable, 0) AS low,
    numerator / nullIf(denominator, 0) AS point,
    (numerator + unobservable) / nullIf(denominator + unobservable, 0) AS high
FROM renewals
WHERE renewed_at >= {from:DateTime64(6, 'UTC')} AND renewed_at <= {to:DateTime64(6, 'UTC')} AND renewed_at <= old_ends
