-- Certificate near misses (SEC09-BP01): renewals that came in the last tenth of the old certificate's life, or its last day.
-- numerator: renewals before the old certificate's end with max(24 h, 10 % of its lifetime) or less left of it, at the moment
-- the next one was first shown anywhere. denominator: all renewals before the end; late ones are expiration incidents.
-- unobservable: certificates that ended and were not renewed before eyes; low counts them out, high as near misses.
-- Complement: a probe; ACM's NotAfter beside RenewedAt.
-- {from}, {to}: when it happened. {provenances}: only sightings known so (observed, probed); an empty list takes all.
WITH
    silent AS
    (
        SELECT count() AS certificates
        FROM certificate_shown(provenances = {provenances:Array(String)})
        WHERE (identity, fingerprint_sha256) NOT IN
            (SELECT identity, old FROM certificate_renewals(provenances = {provenances:Array(String)}))
            AND begins IS NOT NULL AND ends >= {from:DateTime64(6, 'UTC')} AND ends <= {to:DateTime64(6, 'UTC')}
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
FROM certificate_renewals(provenances = {provenances:Array(String)})
WHERE renewed_at >= {from:DateTime64(6, 'UTC')} AND renewed_at <= {to:DateTime64(6, 'UTC')} AND renewed_at <= old_ends
