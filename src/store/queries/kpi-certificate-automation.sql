-- Certificate automation coverage (SEC09-BP01), inferred: nothing on the wire says who renews a certificate.
-- denominator: identities (names and port) with a leaf certificate in use in the time whose automation could be concluded.
-- numerator: those of them that (1) an imported inventory says are renewed by itself; or (2) whose issuer issues by protocol
-- only (Let's Encrypt, Amazon, Google Trust Services); or (3) whose certificates were renewed twice or more, each when 50 to
-- 90 % of its life was over, and no two of these shares further apart than 10 % of a life.
-- unobservable: identities of other issuers with fewer than two renewals seen: a rhythm takes two. point leaves them out, low
-- takes them for manual, high for automatic. Complement: import of ACM and AWS Private CA.
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
    -- How much of the old certificate's life was over, where it was renewed.
    rhythms AS
    (
        SELECT
            identity,
            count() AS renewal_count,
            min(share) AS least_share,
            max(share) AS greatest_share
        FROM
        (
            SELECT
                identity,
                dateDiff('second', old_begins, renewed_at) / nullIf(dateDiff('second', old_begins, old_ends), 0) AS share
            FROM renewals
            WHERE renewed_at <= {to:DateTime64(6, 'UTC')}
        )
        GROUP BY identity
    ),
    identities AS
    (
        SELECT
            identity,
            argMax(fingerprint_sha256, last_shown) AS current,
            argMax(serial_number, last_shown) AS serial,
            argMax(ifNull(issuer, ''), last_shown) AS issued_by
        FROM certificate_deployments
        WHERE first_shown <= {to:DateTime64(6, 'UTC')} AND last_shown >= {from:DateTime64(6, 'UTC')}
            AND (empty({provenances:Array(String)}) OR has({provenances:Array(String)}, toString(provenance)))
        GROUP BY identity
    ),
    inferred AS
    (
        SELECT
            (i.current IN (SELECT fingerprint_sha256 FROM certificate_imports FINAL WHERE automated AND fingerprint_sha256 != ''))
                OR (ifNull(i.serial, '') IN
                    (SELECT serial_number FROM certificate_imports FINAL WHERE automated AND serial_number != ''))
                AS is_told,
            match(i.issued_by, '(^|[,+])O=(Let''s Encrypt|Amazon|Google Trust Services( LLC)?)([,+]|$)') AS is_by_protocol,
            r.renewal_count >= 2 AND ifNull(r.least_share >= 0.5 AND r.greatest_share <= 0.9
                AND r.greatest_share - r.least_share < 0.1, false) AS is_in_rhythm,
            is_told OR is_by_protocol OR is_in_rhythm AS is_automatic,
            is_automatic OR r.renewal_count >= 2 AS is_known
        FROM identities AS i
        LEFT JOIN rhythms AS r ON r.identity = i.identity
    )
SELECT
    'share' AS unit,
    countIf(is_automatic) AS numerator,
    countIf(is_known) AS denominator,
    countIf(NOT is_known) AS unobservable,
    numerator / nullIf(denominator + unobservable, 0) AS low,
    numerator / nullIf(denominator, 0) AS point,
    (numerator + unobservable) / nullIf(denominator + unobservable, 0) AS high,
    'inferred' AS provenance
FROM inferred
