-- Certificate renewal success rate (SEC09-BP01), of the leaf certificates of servers that were renewed or had to be.
-- numerator: those whose identity showed the next certificate before the old one ended, and the old one not after its end.
-- denominator: those, and those shown after their end or renewed after it. point = numerator / denominator.
-- unobservable: those that ended and were neither renewed nor shown after it. Switched off, moved to TLS 1.3, or failed: none
-- of it was seen. low counts them as failed, high as renewed (FIELD counts silence as failure, which is low).
-- A success happens when the next one is first shown, the others at the end. Clocks may differ by five minutes.
-- Complement: a probe of the same endpoints; ACM's RenewalSummary by import.
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
    ended AS
    (
        SELECT
            multiIf(
                d.last_shown_at > d.ends + INTERVAL 5 MINUTE, 'failed',
                r.old = '', 'unobservable',
                r.renewed_at > d.ends, 'failed',
                'succeeded'
            ) AS outcome,
            if(outcome = 'succeeded', r.renewed_at, toDateTime64(d.ends, 6, 'UTC')) AS happened_at
        FROM deployed AS d
        LEFT JOIN renewals AS r ON r.identity = d.identity AND r.old = d.fingerprint_sha256
    )
SELECT
    'share' AS unit,
    countIf(outcome = 'succeeded') AS numerator,
    countIf(outcome IN ('succeeded', 'failed')) AS denominator,
    countIf(outcome = 'unobservable') AS unobservable,
    numerator / nullIf(denominator + unobservable, 0) AS low,
    numerator / nullIf(denominator, 0) AS point,
    (numerator + unobservable) / nullIf(denominator + unobservable, 0) AS high
FROM ended
WHERE happened_at >= {from:DateTime64(6, 'UTC')} AND happened_at <= {to:DateTime64(6, 'UTC')}
