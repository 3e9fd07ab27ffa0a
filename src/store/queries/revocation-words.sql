-- Verified words of responders and lists on these certificates, and whatever else is revoked, as an authority on a path may be;
-- {limit} at the most.
SELECT
    fingerprint_sha256,
    toString(kind) AS kind,
    toString(status) AS status,
    issuer_spki_sha256,
    formatDateTime(revoked_at, '%Y-%m-%dT%H:%i:%SZ', 'UTC') AS revoked_at,
    formatDateTime(next_update, '%Y-%m-%dT%H:%i:%SZ', 'UTC') AS next_update
FROM revocation_answers FINAL
WHERE status = 'revoked' OR (status = 'good' AND has({fingerprints:Array(String)}, fingerprint_sha256))
ORDER BY status = 'revoked' DESC, fingerprint_sha256, kind, address
LIMIT {limit:UInt32}
