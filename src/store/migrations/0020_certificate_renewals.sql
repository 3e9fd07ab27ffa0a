-- Which certificate of an identity followed which: one text for every figure and list that asks it.
-- {provenances}: only sightings known so (observed, probed); an empty list takes all.

-- What each identity showed, wherever: a row a certificate. What could not be read has no beginning or end.
CREATE OR REPLACE VIEW certificate_shown AS
SELECT
    identity,
    fingerprint_sha256,
    any(kind) AS kind,
    any(subject) AS subject,
    any(issuer) AS issuer,
    any(serial_number) AS serial_number,
    any(not_before) AS begins,
    any(not_after) AS ends,
    min(first_shown) AS first_shown_at,
    max(last_shown) AS last_shown_at,
    uniqExact(server_ip) AS endpoint_count
FROM certificate_deployments
WHERE empty({provenances:Array(String)}) OR has({provenances:Array(String)}, toString(provenance))
GROUP BY identity, fingerprint_sha256;

-- The next certificate of an identity: made later and shown later, with the same type of key or when the old was gone.
-- A row for each certificate that has a next one.
CREATE OR REPLACE VIEW certificate_renewals AS
SELECT
    o.identity AS identity,
    o.fingerprint_sha256 AS old,
    argMin(n.fingerprint_sha256, n.first_shown_at) AS new,
    min(n.first_shown_at) AS renewed_at,
    argMin(assumeNotNull(n.begins), n.first_shown_at) AS new_begins,
    any(assumeNotNull(o.begins)) AS old_begins,
    any(assumeNotNull(o.ends)) AS old_ends,
    any(o.last_shown_at) AS old_last_shown,
    any(ifNull(o.issuer, '')) AS old_issuer,
    argMin(ifNull(n.issuer, ''), n.first_shown_at) AS new_issuer
FROM certificate_shown(provenances = {provenances:Array(String)}) AS o
INNER JOIN certificate_shown(provenances = {provenances:Array(String)}) AS n ON n.identity = o.identity
WHERE o.begins IS NOT NULL AND o.ends IS NOT NULL AND n.begins IS NOT NULL AND n.ends IS NOT NULL
    AND n.begins > o.begins AND n.first_shown_at > o.first_shown_at
    AND (n.kind = o.kind OR n.first_shown_at > o.last_shown_at)
GROUP BY o.identity, o.fingerprint_sha256;

-- What each endpoint of an identity showed: a row a certificate and address.
CREATE OR REPLACE VIEW certificate_shown_at AS
SELECT
    identity,
    server_ip,
    fingerprint_sha256,
    any(kind) AS kind,
    any(not_before) AS begins,
    any(not_after) AS ends,
    min(first_shown) AS first_shown_at,
    max(last_shown) AS last_shown_at
FROM certificate_deployments
WHERE empty({provenances:Array(String)}) OR has({provenances:Array(String)}, toString(provenance))
GROUP BY identity, server_ip, fingerprint_sha256;

-- A rollout: a renewal at each endpoint that showed the old certificate. first_shown_at: of the new one there; NULL = never.
CREATE OR REPLACE VIEW certificate_rollouts AS
SELECT
    r.identity AS identity,
    r.old AS old,
    r.new AS new,
    r.renewed_at AS renewed_at,
    r.old_begins AS old_begins,
    r.old_ends AS old_ends,
    r.old_issuer AS old_issuer,
    r.new_issuer AS new_issuer,
    o.server_ip AS server_ip,
    o.last_shown_at AS old_last_shown,
    if(n.fingerprint_sha256 = '', NULL, n.first_shown_at) AS first_shown_at
FROM certificate_renewals(provenances = {provenances:Array(String)}) AS r
INNER JOIN certificate_shown_at(provenances = {provenances:Array(String)}) AS o
    ON o.identity = r.identity AND o.fingerprint_sha256 = r.old
LEFT JOIN certificate_shown_at(provenances = {provenances:Array(String)}) AS n
    ON n.identity = r.identity AND n.fingerprint_sha256 = r.new AND n.server_ip = o.server_ip;

-- Whether the certificates of identities in use in [{from}, {to}] are renewed without a person, inferred: 'likely', 'unlikely'
-- or 'unknown', and by what: an 'import' says so; its 'issuer' issues by protocol only; or the 'rhythm' of two renewals or
-- more, each at 50 to 90 % of the life, no two further apart than a tenth of it.
CREATE OR REPLACE VIEW certificate_automation AS
SELECT
    i.identity AS identity,
    multiIf(
        i.current IN (SELECT fingerprint_sha256 FROM certificate_imports FINAL WHERE automated AND fingerprint_sha256 != '')
            OR i.serial IN (SELECT serial_number FROM certificate_imports FINAL WHERE automated AND serial_number != ''),
        'import',
        match(i.issued_by, '(^|[,+])O=(Let''s Encrypt|Amazon|Google Trust Services( LLC)?)([,+]|$)'), 'issuer',
        r.renewal_count >= 2 AND ifNull(r.least_share >= 0.5 AND r.greatest_share <= 0.9
            AND r.greatest_share - r.least_share < 0.1, false),
        'rhythm',
        ''
    ) AS automation_by,
    multiIf(automation_by != '', 'likely', r.renewal_count >= 2, 'unlikely', 'unknown') AS automation
FROM
(
    SELECT
        identity,
        argMax(fingerprint_sha256, last_shown) AS current,
        argMax(ifNull(serial_number, ''), last_shown) AS serial,
        argMax(ifNull(issuer, ''), last_shown) AS issued_by
    FROM certificate_deployments
    WHERE first_shown <= {to:DateTime64(6, 'UTC')} AND last_shown >= {from:DateTime64(6, 'UTC')}
        AND (empty({provenances:Array(String)}) OR has({provenances:Array(String)}, toString(provenance)))
    GROUP BY identity
) AS i
LEFT JOIN
(
    -- How much of the old certificate's life was over, where it was renewed.
    SELECT
        identity,
        count() AS renewal_count,
        min(dateDiff('second', old_begins, renewed_at) / nullIf(dateDiff('second', old_begins, old_ends), 0)) AS least_share,
        max(dateDiff('second', old_begins, renewed_at) / nullIf(dateDiff('second', old_begins, old_ends), 0)) AS greatest_share
    FROM certificate_renewals(provenances = {provenances:Array(String)})
    WHERE renewed_at <= {to:DateTime64(6, 'UTC')}
    GROUP BY identity
) AS r ON r.identity = i.identity;
