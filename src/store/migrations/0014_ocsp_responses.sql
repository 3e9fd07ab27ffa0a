-- Stapled OCSP responses. A sensor reports one with the leaf that it came with, at first sight: as a row of `certificates` with
-- this member, which is passed on.
-- ocsp_response: DER in base64; the latest that came with the certificate.
ALTER TABLE certificates ADD COLUMN IF NOT EXISTS ocsp_response String DEFAULT '' CODEC(ZSTD(3));

CREATE TABLE IF NOT EXISTS ocsp_responses
(
    -- Of the certificate that it was stapled to.
    fingerprint_sha256 String,
    -- Of the response's text, so that it is there once.
    response_hash FixedString(16),
    -- base64
    response String CODEC(ZSTD(3)),
    stored_at DateTime('UTC') DEFAULT now()
)
ENGINE = ReplacingMergeTree
ORDER BY (fingerprint_sha256, response_hash)
TTL stored_at + INTERVAL 400 DAY
SETTINGS non_replicated_deduplication_window = 1000;

CREATE MATERIALIZED VIEW IF NOT EXISTS certificates_to_ocsp_responses TO ocsp_responses AS
SELECT fingerprint_sha256, MD5(ocsp_response) AS response_hash, ocsp_response AS response
FROM certificates
WHERE ocsp_response != '';
