-- The OCSP responses that were stapled to these certificates, base64, the latest first, {limit} of each.
SELECT fingerprint_sha256, response
FROM ocsp_responses FINAL
WHERE has({fingerprints:Array(String)}, fingerprint_sha256)
ORDER BY fingerprint_sha256, stored_at DESC, response_hash
LIMIT {limit:UInt32} BY fingerprint_sha256
