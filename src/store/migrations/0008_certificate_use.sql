-- The same key in several certificates, and when a certificate was last shown. Rows from before have NULL and 1970.
-- spki_sha256: of the DER of SubjectPublicKeyInfo, hex.
ALTER TABLE certificates
    ADD COLUMN IF NOT EXISTS spki_sha256 Nullable(String) AFTER key_curve;

-- Certificates are shown when a flow begins: one that outlives its certificate does not show it again.
ALTER TABLE certificate_sightings
    ADD COLUMN IF NOT EXISTS last_shown SimpleAggregateFunction(max, DateTime64(6, 'UTC')) AFTER last_seen;

-- A view keeps the columns it had when it was made. Made anew rather than modified: a modified one no longer drops a batch
-- that is sent again under its token.
DROP VIEW IF EXISTS flows_in_to_certificate_sightings;

CREATE MATERIALIZED VIEW IF NOT EXISTS flows_in_to_certificate_sightings TO certificate_sightings AS
SELECT
    presented.1 AS fingerprint_sha256,
    presented.2 AS role,
    f.server_ip AS server_ip,
    f.server_port AS server_port,
    ifNull(f.server_name, '') AS server_name,
    min(presented.3) AS position,
    min(f.first_seen) AS first_seen,
    max(f.last_seen) AS last_seen,
    max(f.first_seen) AS last_shown,
    uniqCombinedState(12)(toFixedString(unhex(f.flow_id), 16)) AS flows
FROM flows_in AS f
ARRAY JOIN arrayConcat(
    arrayMap((der, at) -> (der, 'server', toUInt8(least(at - 1, 255))), server_certificates, arrayEnumerate(server_certificates)),
    arrayMap((der, at) -> (der, 'client', toUInt8(least(at - 1, 255))), client_certificates, arrayEnumerate(client_certificates))
) AS presented
GROUP BY fingerprint_sha256, role, server_ip, server_port, server_name;
