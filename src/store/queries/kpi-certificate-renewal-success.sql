-- Certificate renewal success rate (SEC09-BP01), of the leaf certificates of servers that were renewed or had to be.
-- numerator: those whose identity showed the next certificate before the old one ended, and the old one not after its end.
-- denominator: those, and those shown after their end or renewed after it. point = numerator / denominator.
-- unobservable: those that ended and were neither renewed nor shown after it. Switched off, moved to TLS 1.3, or failed: none
-- of it was seen. low counts them as failed, high as renewed (FIELD counts silence as failure, which is low).
-- A success happens when the next one is first shown, the others at the end. Clocks may differ by five minutes.
-- Complement: a probe of the same endpoints; ACM's RenewalSummary by import.
-- {from}, {to}: when it happened. {provenances}: only sightings known so (observed, probed); an empty list takes all.
WITH
    ended AS
    (
        SELECT
            multiIf(
                d.last_shown_at > assumeNotNull(d.ends) + INTERVAL 5 MINUTE, 'failed',
                r.old = '', 'unobservable',
                r.renewed_at > assumeNotNull(d.ends), 'failed',
                'succeeded'
            ) AS outcome,
            if(outcome = 'succeeded', r.renewed_at, toDateTime64(assumeNotNull(d.ends), 6, 'UTC')) AS happened_at
        FROM certificate_shown(provenances = {provenances:Array(String)}) AS d
        LEFT JOIN certificate_renewals(provenances = {provenances:Array(String)}) AS r
            ON r.identity = d.identity AND r.old = d.fingerprint_sha256
        WHERE d.begins IS NOT NULL AND d.ends IS NOT NULL
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
