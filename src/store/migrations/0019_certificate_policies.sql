-- What a certificate says of how it was issued. Rows from before have 0, nothing and NULL until they are reported again.
-- sct_count: signed certificate timestamps embedded (RFC 6962 §3.3). policies: object identifiers. validation: by the identifiers
-- of the CA/Browser Forum, 'dv', 'ov', 'iv' or 'ev'; NULL = it has none of them.
ALTER TABLE certificates
    ADD COLUMN IF NOT EXISTS sct_count UInt8,
    ADD COLUMN IF NOT EXISTS policies Array(LowCardinality(String)),
    ADD COLUMN IF NOT EXISTS validation LowCardinality(Nullable(String));
