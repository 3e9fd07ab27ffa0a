-- Private CA revocation (SEC09-BP01): certificates that an imported inventory says are revoked, and are used all the same.
-- denominator: certificates revoked by {to}, by import. numerator: those of them shown in the time, and after they were revoked.
-- unobservable: revoked ones that were never seen at all, before or after: in use behind TLS 1.3 perhaps; low and point count
-- them as gone, high as used. What is revoked and not imported is not known here. Complement: CRLs, and stapled answers of OCSP.
-- {from}, {to}: when it happened. {provenances}: only sightings known so (observed, probed), and inventories only with imported
-- among them; an empty list takes all. Where no sightings were asked for, nobody looked, and there is no point.
WITH
    empty({provenances:Array(String)}) OR hasAny({provenances:Array(String)}, ['observed', 'probed']) AS looked,
    empty({provenances:Array(String)}) OR has({provenances:Array(String)}, 'imported') AS with_imports,
    revoked AS
    (
        SELECT
            if(serial_number != '', concat('serial ', serial_number), concat('sha256 ', fingerprint_sha256)) AS match_key,
            any(ifNull(issuer, '')) AS issued_by,
            assumeNotNull(min(revoked_at)) AS revoked_from
        FROM certificate_imports FINAL
        WHERE with_imports AND revoked_at IS NOT NULL AND revoked_at <= {to:DateTime64(6, 'UTC')}
        GROUP BY match_key
    ),
    seen AS
    (
        SELECT c.fingerprint_sha256 AS fingerprint, ifNull(c.issuer, '') AS issued_by,
            arrayJoin([concat('serial ', ifNull(c.serial_number, '')), concat('sha256 ', fingerprint)]) AS match_key,
            min(s.first_seen) AS first_shown, greatest(max(s.last_shown), first_shown) AS last_shown_at
        FROM certificate_sightings AS s
        INNER JOIN (SELECT fingerprint_sha256, serial_number, issuer FROM certificates FINAL) AS c
            ON c.fingerprint_sha256 = s.fingerprint_sha256
        WHERE empty({provenances:Array(String)}) OR has({provenances:Array(String)}, toString(s.provenance))
        GROUP BY fingerprint, match_key, issued_by
    ),
    fates AS
    (
        SELECT
            r.match_key AS match_key,
            max(s.fingerprint != '' AND (r.issued_by = '' OR r.issued_by = s.issued_by)) AS is_seen,
            max(s.fingerprint != '' AND (r.issued_by = '' OR r.issued_by = s.issued_by)
                AND s.last_shown_at > r.revoked_from
                AND s.first_shown <= {to:DateTime64(6, 'UTC')} AND s.last_shown_at >= {from:DateTime64(6, 'UTC')}) AS is_used
        FROM revoked AS r
        LEFT JOIN seen AS s ON s.match_key = r.match_key
        GROUP BY match_key
    )
SELECT
    'share' AS unit,
    countIf(is_used) AS numerator,
    count() AS denominator,
    countIf(NOT is_seen) AS unobservable,
    numerator / nullIf(denominator, 0) AS low,
    if(looked, numerator / nullIf(denominator, 0), NULL) AS point,
    (numerator + unobservable) / nullIf(denominator, 0) AS high
FROM fates
