-- Certificates that the store knows to be revoked, and since when (µs): by the judgement of a chain that they lead, or by an import.
-- A judgement says that it was so when the chain was last shown. An inventory that has only a serial number must name the issuer
-- as well, or the number must have the 64 random bits that make it one of its kind (CA/Browser Forum BR §7.1).
-- {limit}: the latest are kept.
SELECT
    fingerprint,
    argMin(source, since) AS known_by,
    toUnixTimestamp64Micro(min(since)) AS from_us
FROM
(
    SELECT leaf AS fingerprint, 'list' AS source, min(last_shown) AS since
    FROM certificate_judgements FINAL
    WHERE revocation = 'revoked'
    GROUP BY leaf
    UNION ALL
    SELECT fingerprint_sha256 AS fingerprint, 'import' AS source, toDateTime64(assumeNotNull(revoked_at), 6, 'UTC') AS since
    FROM certificate_imports FINAL
    WHERE revoked_at IS NOT NULL AND fingerprint_sha256 != ''
    UNION ALL
    SELECT c.fingerprint_sha256 AS fingerprint, 'import' AS source, toDateTime64(i.revoked_from, 6, 'UTC') AS since
    FROM
    (
        SELECT serial_number, ifNull(issuer, '') AS issued_by, assumeNotNull(revoked_at) AS revoked_from
        FROM certificate_imports FINAL
        WHERE revoked_at IS NOT NULL AND fingerprint_sha256 = '' AND serial_number != ''
    ) AS i
    INNER JOIN (SELECT fingerprint_sha256, ifNull(serial_number, '') AS serial, ifNull(issuer, '') AS issued_by FROM certificates FINAL) AS c
        ON c.serial = i.serial_number
    WHERE i.issued_by = c.issued_by OR (i.issued_by = '' AND length(i.serial_number) >= 16)
)
GROUP BY fingerprint
ORDER BY from_us DESC, fingerprint
LIMIT {limit:UInt32}
