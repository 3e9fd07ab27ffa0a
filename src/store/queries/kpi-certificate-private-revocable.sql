-- Private authorities whose revocations can be learnt (SEC09-BP01): revocation in use, by their configuration.
-- denominator: active private authorities that an imported inventory lists with their revocation configuration, valid in the time; those
-- for short-lived certificates alone are left out: what they issue ends before anybody would hear that it was revoked.
-- numerator: those of them that run a responder (OCSP) or publish a list. point = numerator / denominator.
-- unobservable: authorities under a private root that issued what was shown, and whose configuration no inventory has; low counts them as
-- without, high as with. Complement: aws acm-pca describe-certificate-authority, by import.
-- {from}, {to}: when they were valid, and when a chain was last shown. {provenances}: only chains known so (observed, probed), and
-- of inventories only with imported among them; an empty list takes all.
WITH
    listed AS
    (
        SELECT
            item,
            any(serial_number) AS serial,
            any(authority_status) = 'ACTIVE'
                AND ifNull(any(usage_mode) != 'SHORT_LIVED_CERTIFICATE', true)
                AND max(revokes_by_ocsp) IS NOT NULL AS counts,
            ifNull(max(revokes_by_ocsp) OR max(revokes_by_crl), false) AS revokes
        FROM certificate_imports FINAL
        WHERE authority_status IS NOT NULL
            AND (empty({provenances:Array(String)}) OR has({provenances:Array(String)}, 'imported'))
            AND ifNull(not_before <= {to:DateTime64(6, 'UTC')}, true) AND ifNull(not_after >= {from:DateTime64(6, 'UTC')}, true)
        GROUP BY item
    ),
    unlisted AS
    (
        SELECT uniqExact(issuing) AS authorities
        FROM
        (
            SELECT path[2] AS issuing
            FROM certificate_judgements FINAL
            WHERE anchor = 'private' AND length(path) > 1
                AND last_shown >= {from:DateTime64(6, 'UTC')} AND first_shown <= {to:DateTime64(6, 'UTC')}
                AND (empty({provenances:Array(String)}) OR has({provenances:Array(String)}, toString(provenance)))
        ) AS j
        LEFT JOIN (SELECT fingerprint_sha256, ifNull(serial_number, '') AS serial FROM certificates FINAL) AS c
            ON c.fingerprint_sha256 = j.issuing
        WHERE c.serial = '' OR c.serial NOT IN (SELECT serial FROM listed)
    )
SELECT
    'share' AS unit,
    countIf(counts AND revokes) AS numerator,
    countIf(counts) AS denominator,
    (SELECT authorities FROM unlisted) AS unobservable,
    numerator / nullIf(denominator + unobservable, 0) AS low,
    numerator / nullIf(denominator, 0) AS point,
    (numerator + unobservable) / nullIf(denominator + unobservable, 0) AS high,
    'imported' AS provenance
FROM listed
