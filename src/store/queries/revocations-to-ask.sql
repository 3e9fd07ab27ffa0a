-- Certificates on judged paths with their issuers, those after {after}, {limit} of them: below a root that is trusted by {basis},
-- not ended by {now}, and without a verified word that holds beyond it. Of several certificates of an issuer any will do: they
-- have the same key.
WITH steps AS
(
    SELECT DISTINCT step.1 AS certificate, step.2 AS issuer
    FROM (SELECT path FROM certificate_judgements FINAL WHERE anchor != 'none' AND basis = {basis:String})
    ARRAY JOIN arrayZip(arrayPopBack(path), arrayPopFront(path)) AS step
)
SELECT certificate, min(steps.issuer) AS issued_by
FROM steps
WHERE certificate > {after:String}
    AND certificate IN
    (
        SELECT fingerprint_sha256 FROM certificates FINAL WHERE ifNull(not_after >= {now:DateTime64(3, 'UTC')}, false)
    )
    AND certificate NOT IN
    (
        SELECT fingerprint_sha256
        FROM revocation_answers FINAL
        WHERE outcome IN ('verified', 'no-address') AND due_at > {now:DateTime64(3, 'UTC')}
    )
GROUP BY certificate
ORDER BY certificate
LIMIT {limit:UInt32}
