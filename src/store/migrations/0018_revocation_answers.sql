-- What responders and lists said of certificates when they were asked, at the addresses that the certificates name themselves
-- (docs/certificates.md, Revocation). Opt-in: empty where nobody asks.
-- kind: a responder's answer about one certificate, or a list. outcome: 'verified', or why the last question had no answer that
-- counts. The columns from status to next_update are of the last verified word, which a failure later leaves as it was.
CREATE TABLE IF NOT EXISTS revocation_answers
(
    -- Of the certificate asked about.
    fingerprint_sha256 String,
    kind Enum8('ocsp' = 1, 'crl' = 2),
    address String,
    outcome LowCardinality(String),
    status Enum8('unknown' = 0, 'good' = 1, 'revoked' = 2, 'not-listed' = 3),
    -- Whose key verified it, or certified who did; of the DER of SubjectPublicKeyInfo, hex. Empty = nobody's.
    issuer_spki_sha256 String,
    revoked_at Nullable(DateTime64(0, 'UTC')),
    this_update Nullable(DateTime64(0, 'UTC')),
    next_update Nullable(DateTime64(0, 'UTC')),
    fetched_at DateTime64(3, 'UTC'),
    -- When it last came to say something else of the certificate: what was judged before is judged again.
    changed_at DateTime64(3, 'UTC'),
    -- Not asked again before.
    due_at DateTime64(3, 'UTC'),
    -- We asked for it.
    provenance Enum8('observed' = 0, 'probed' = 1, 'imported' = 2, 'inferred' = 3) DEFAULT 'probed'
)
ENGINE = ReplacingMergeTree(fetched_at)
ORDER BY (fingerprint_sha256, kind, address)
TTL toDateTime(fetched_at) + INTERVAL 400 DAY
SETTINGS non_replicated_deduplication_window = 1000;

-- Whose word `revocation` is: a stapled response, a list that the operator gave, or an answer of the table above.
ALTER TABLE certificate_judgements
    ADD COLUMN IF NOT EXISTS revocation_from
        Enum8('none' = 0, 'stapled' = 1, 'given-list' = 2, 'fetched-ocsp' = 3, 'fetched-list' = 4) AFTER revocation;
