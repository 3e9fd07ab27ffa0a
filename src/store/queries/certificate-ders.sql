-- The certificates of these fingerprints, base64.
SELECT fingerprint_sha256, der FROM certificates FINAL WHERE has({fingerprints:Array(String)}, fingerprint_sha256)
ORDER BY fingerprint_sha256
