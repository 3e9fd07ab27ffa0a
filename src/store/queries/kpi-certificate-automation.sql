-- Certificate automation coverage (SEC09-BP01): nothing on the wire says who renews a certificate. Imported where an inventory says
-- that it is renewed by itself, or that it is not; else inferred.
-- denominator: identities (names and port) with a leaf certificate in use in the time whose automation could be concluded.
-- numerator: those of them that (1) an imported inventory says are renewed by itself; or (2) whose issuer issues by protocol
-- only (Let's Encrypt, Amazon, Google Trust Services); or (3) whose certificates were renewed twice or more, each when 50 to
-- 90 % of its life was over, and no two of these shares further apart than 10 % of a life.
-- unobservable: identities of other issuers with fewer than two renewals seen: a rhythm takes two. point leaves them out, low
-- takes them for manual, high for automatic. imported: of how many an inventory says it. Complement: import of ACM and AWS Private CA.
-- {from}, {to}: when it happened. {provenances}: only sightings known so (observed, probed), and what was concluded so (imported,
-- inferred); an empty list takes all.
SELECT
    'share' AS unit,
    countIf(automation = 'likely' AND counts) AS numerator,
    countIf(counts) AS denominator,
    count() - denominator AS unobservable,
    numerator / nullIf(denominator + unobservable, 0) AS low,
    numerator / nullIf(denominator, 0) AS point,
    (numerator + unobservable) / nullIf(denominator + unobservable, 0) AS high,
    countIf(counts AND automation_by = 'import') AS imported,
    if(imported > 0 AND imported = denominator, 'imported', 'inferred') AS provenance
FROM
(
    SELECT
        automation,
        automation_by,
        automation != 'unknown' AND
        (
            empty({provenances:Array(String)})
            OR has({provenances:Array(String)}, if(automation_by = 'import', 'imported', 'inferred'))
        ) AS counts
    FROM certificate_automation(
        from = {from:DateTime64(6, 'UTC')}, to = {to:DateTime64(6, 'UTC')}, provenances = {provenances:Array(String)}
    )
)
