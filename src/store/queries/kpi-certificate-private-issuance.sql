-- Private CA certificate issuance (SEC09-BP01): what private authorities issued, and how much of it is in use.
-- denominator: certificates issued in the time by an imported inventory of a private authority (by its time of issue, else the
-- beginning of validity), and those first seen in the time whose issuer is one of {private_issuers} (names as RFC 4514 writes
-- them) or issuer of a certificate so imported. numerator: those of them that were shown to anybody, as server or client.
-- unobservable: issued and never seen: not in use, or behind TLS 1.3; low counts them as unused, high as used, and point takes
-- what was seen. Complement: the audit report of AWS Private CA, by import; a probe.
-- {from}, {to}: when it happened. {provenances}: only sightings known so (observed, probed), and inventories only with imported
-- among them; an empty list takes all. Where no sightings were asked for, nobody looked, and there is no point.
WITH
    empty({provenances:Array(String)}) OR hasAny({provenances:Array(String)}, ['observed', 'probed']) AS looked,
    empty({provenances:Array(String)}) OR has({provenances:Array(String)}, 'imported') AS with_imports,
    imports AS
    (
        SELECT * FROM certificate_imports FINAL WHERE authority = 'private' AND with_imports
    ),
    seen AS
    (
        SELECT c.fingerprint_sha256 AS fingerprint, ifNull(c.serial_number, '') AS serial, min(s.first_seen) AS first_shown,
            ifNull(c.issuer, '') IN
            (
                SELECT arrayJoin({private_issuers:Array(String)})
                UNION DISTINCT
                SELECT assumeNotNull(issuer) FROM imports WHERE issuer IS NOT NULL
            ) AS is_private
        FROM certificate_sightings AS s
        INNER JOIN (SELECT fingerprint_sha256, serial_number, issuer FROM certificates FINAL) AS c
            ON c.fingerprint_sha256 = s.fingerprint_sha256
        WHERE empty({provenances:Array(String)}) OR has({provenances:Array(String)}, toString(s.provenance))
        GROUP BY fingerprint, serial, c.issuer
    ),
    issued AS
    (
        SELECT
            if(serial_number != '', concat('serial ', serial_number), concat('sha256 ', fingerprint_sha256)) AS match_key,
            toUInt8(
                match_key IN (SELECT concat('serial ', serial) FROM seen)
                OR max(fingerprint_sha256) IN (SELECT fingerprint FROM seen)
            ) AS is_used
        FROM imports
        WHERE authority_status IS NULL
            AND coalesce(issued_at, not_before) >= {from:DateTime64(6, 'UTC')}
            AND coalesce(issued_at, not_before) <= {to:DateTime64(6, 'UTC')}
        GROUP BY match_key
        UNION ALL
        SELECT concat('serial ', serial), 1
        FROM seen
        WHERE is_private AND first_shown >= {from:DateTime64(6, 'UTC')} AND first_shown <= {to:DateTime64(6, 'UTC')}
            AND serial NOT IN (SELECT serial_number FROM imports)
            AND fingerprint NOT IN (SELECT fingerprint_sha256 FROM imports)
    )
SELECT
    'share' AS unit,
    countIf(is_used = 1) AS numerator,
    count() AS denominator,
    denominator - numerator AS unobservable,
    numerator / nullIf(denominator, 0) AS low,
    if(looked, numerator / nullIf(denominator, 0), NULL) AS point,
    (numerator + unobservable) / nullIf(denominator, 0) AS high
FROM issued
