-- What was said of these certificates by each address that was asked. is_due: it may be asked again at {now}.
SELECT
    fingerprint_sha256,
    toString(kind) AS kind,
    address,
    outcome,
    toString(status) AS status,
    issuer_spki_sha256,
    formatDateTime(revoked_at, '%Y-%m-%dT%H:%i:%SZ', 'UTC') AS revoked_at,
    formatDateTime(this_update, '%Y-%m-%dT%H:%i:%SZ', 'UTC') AS this_update,
    formatDateTime(next_update, '%Y-%m-%dT%H:%i:%SZ', 'UTC') AS next_update,
    formatDateTime(changed_at, '%Y-%m-%dT%H:%i:%S.%fZ', 'UTC') AS changed_at,
    due_at <= {now:DateTime64(3, 'UTC')} AS is_due
FROM revocation_answers FINAL
WHERE has({fingerprints:Array(String)}, fingerprint_sha256)
ORDER BY fingerprint_sha256, kind, address
