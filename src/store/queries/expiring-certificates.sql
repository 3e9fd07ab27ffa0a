-- Leaf certificates that servers presented in [from, to], those that end first at the beginning; what says no end is left out.
SELECT
    c.fingerprint_sha256 AS fingerprint_sha256,
    c.subject AS subject,
    dateDiff('second', toDateTime64('1970-01-01 00:00:00', 0, 'UTC'), assumeNotNull(c.not_after)) AS end_s
FROM certificates AS c FINAL
WHERE c.not_after IS NOT NULL AND c.fingerprint_sha256 IN (
    SELECT s.fingerprint_sha256
    FROM certificate_sightings AS s FINAL
    WHERE s.first_seen <= {to:DateTime64(6, 'UTC')} AND s.last_seen >= {from:DateTime64(6, 'UTC')}
        AND s.role = 'server' AND s.position = 0
)
ORDER BY end_s, fingerprint_sha256
LIMIT {limit:UInt32}
