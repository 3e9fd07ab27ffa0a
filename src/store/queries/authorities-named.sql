-- Certificates of authorities under these names, base64; names in lower case, without repeated spaces. At most {limit} of each name.
SELECT fingerprint_sha256, der
FROM certificates FINAL
WHERE ifNull(is_ca, true) AND has({names:Array(String)}, replaceRegexpAll(lower(ifNull(subject, '')), ' {2,}', ' '))
ORDER BY fingerprint_sha256
LIMIT {limit:UInt32} BY replaceRegexpAll(lower(ifNull(subject, '')), ' {2,}', ' ')
