-- Certificates after {after}, by fingerprint, {limit} of them; all, or those whose subject or one of whose names holds {name}
-- or whose wildcard covers it. What they are is in `der`, base64.
-- issuer_seen: some authority of the issuer's name was seen, by whomever it was shown.
-- key_identities: whom else the same key was certified for, at most 100; the same subject again is a renewal.
WITH
    identities AS
    (
        SELECT
            spki_sha256,
            if(ifNull(subject, '') = '', arrayStringConcat(arraySort(subject_alt_names), ','), ifNull(subject, '')) AS identity
        FROM certificates FINAL
        WHERE spki_sha256 IS NOT NULL
    ),
    shared_keys AS
    (
        SELECT spki_sha256, arraySort(groupUniqArray(100)(identity)) AS key_identities
        FROM identities
        GROUP BY spki_sha256
        HAVING length(key_identities) > 1
    )
SELECT
    c.fingerprint_sha256 AS fingerprint_sha256,
    c.der AS der,
    ifNull(c.issuer, '') IN
    (
        SELECT ifNull(subject, '') AS authority FROM certificates FINAL WHERE ifNull(is_ca, true) AND authority != ''
    ) AS issuer_seen,
    k.key_identities AS key_identities
FROM (SELECT * FROM certificates FINAL) AS c
LEFT JOIN shared_keys AS k ON k.spki_sha256 = c.spki_sha256
WHERE c.fingerprint_sha256 > {after:String}
    AND (
        {name:String} = ''
        OR positionCaseInsensitive(ifNull(c.subject, ''), {name:String}) > 0
        OR arrayExists(
            one -> positionCaseInsensitive(one, {name:String}) > 0
                OR (position({name:String}, '.') > 1
                    AND lower(one) = lower(concat('*', substring({name:String}, position({name:String}, '.'))))),
            c.subject_alt_names
        )
    )
ORDER BY c.fingerprint_sha256
LIMIT {limit:UInt32}
