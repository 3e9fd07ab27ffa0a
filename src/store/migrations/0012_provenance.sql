-- How a fact came to be known. A sighting of before was observed: a row without the column has the first of the words.
-- In the sorting key, so that what a probe saw and what clients saw of the same place stay two rows.
ALTER TABLE certificate_sightings
    ADD COLUMN IF NOT EXISTS provenance Enum8('observed' = 0, 'probed' = 1, 'imported' = 2, 'inferred' = 3),
    MODIFY ORDER BY (fingerprint_sha256, role, server_ip, server_port, server_name, provenance);

-- One probe of one endpoint (docs/probe.md). outcome: 'handshake', or why there was none.
-- tls_version, cipher_suite: of the handshake with everything offered; the lists: what else was taken.
CREATE TABLE IF NOT EXISTS probes
(
    probe_id FixedString(32),
    probed_at DateTime64(6, 'UTC') CODEC(Delta, ZSTD(1)),
    sensor LowCardinality(String),
    server_ip IPv6,
    server_port UInt16,
    -- Empty = no name was known, and none was sent.
    server_name String,
    -- 'tls', or the protocol whose upgrade was asked for.
    protocol LowCardinality(String),
    outcome LowCardinality(String),
    handshakes UInt16,
    tls_version Nullable(UInt16),
    cipher_suite Nullable(UInt16),
    tls_versions Array(UInt16),
    cipher_suites Array(UInt16),
    server_certificates Array(String),
    provenance Enum8('observed' = 0, 'probed' = 1, 'imported' = 2, 'inferred' = 3) DEFAULT 'probed',
    stored_at DateTime('UTC') DEFAULT now()
)
ENGINE = ReplacingMergeTree
ORDER BY (probed_at, probe_id)
TTL stored_at + INTERVAL 400 DAY
SETTINGS non_replicated_deduplication_window = 1000;

CREATE MATERIALIZED VIEW IF NOT EXISTS probes_to_certificate_sightings TO certificate_sightings AS
SELECT
    presented.1 AS fingerprint_sha256,
    'server' AS role,
    p.server_ip AS server_ip,
    p.server_port AS server_port,
    p.server_name AS server_name,
    min(presented.2) AS position,
    min(p.probed_at) AS first_seen,
    max(p.probed_at) AS last_seen,
    max(p.probed_at) AS last_shown,
    uniqCombinedState(12)(toFixedString(unhex(p.probe_id), 16)) AS flows,
    'probed' AS provenance
FROM probes AS p
ARRAY JOIN arrayMap(
    (der, at) -> (der, toUInt8(least(at - 1, 255))), server_certificates, arrayEnumerate(server_certificates)
) AS presented
GROUP BY fingerprint_sha256, server_ip, server_port, server_name;

-- Inventories by file (docs/import.md): one row a certificate of one of them, replaced when it is imported again.
CREATE TABLE IF NOT EXISTS certificate_imports
(
    -- 'acm', 'acm-pca', 'pem', 'kubernetes' or 'csv'
    source LowCardinality(String),
    -- What the inventory calls it: an ARN, a file, a Secret.
    item String,
    -- Empty where the inventory does not have the certificate itself: then serial and issuer or names tell which it is.
    fingerprint_sha256 String,
    serial_number String,
    subject Nullable(String),
    issuer Nullable(String),
    subject_alt_names Array(String),
    not_before Nullable(DateTime64(0, 'UTC')),
    not_after Nullable(DateTime64(0, 'UTC')),
    issued_at Nullable(DateTime64(0, 'UTC')),
    revoked_at Nullable(DateTime64(0, 'UTC')),
    revocation_reason LowCardinality(Nullable(String)),
    -- 'private' or 'public' authority, where the inventory says so.
    authority LowCardinality(Nullable(String)),
    -- The inventory says that it is renewed without a person.
    automated Nullable(Bool),
    renewal_status LowCardinality(Nullable(String)),
    imported_at DateTime64(6, 'UTC'),
    provenance Enum8('observed' = 0, 'probed' = 1, 'imported' = 2, 'inferred' = 3) DEFAULT 'imported'
)
ENGINE = ReplacingMergeTree(imported_at)
ORDER BY (source, item, fingerprint_sha256, serial_number)
SETTINGS non_replicated_deduplication_window = 1000;

-- What servers showed as their own, where and when: a row for an identity, certificate, endpoint and provenance.
-- identity: the names of the certificate, sorted, else its subject, and the port of the service: the same names on 443 and on
-- 5432 are two services, the same on ten addresses are one.
CREATE OR REPLACE VIEW certificate_deployments AS
SELECT
    concat(
        multiIf(
            notEmpty(c.subject_alt_names),
            arrayStringConcat(arraySort(arrayDistinct(arrayMap(one -> lower(one), c.subject_alt_names))), ','),
            ifNull(c.subject, '') != '', assumeNotNull(c.subject),
            s.fingerprint_sha256
        ),
        ' ', toString(s.server_port)
    ) AS identity,
    s.fingerprint_sha256 AS fingerprint_sha256,
    s.server_ip AS server_ip,
    s.server_port AS server_port,
    s.provenance AS provenance,
    s.first_shown AS first_shown,
    s.last_shown_at AS last_shown,
    s.flow_count AS flows,
    ifNull(c.key_type, '') AS kind,
    c.subject AS subject,
    c.issuer AS issuer,
    c.serial_number AS serial_number,
    c.not_before AS not_before,
    c.not_after AS not_after
FROM
(
    SELECT
        fingerprint_sha256,
        server_ip,
        server_port,
        provenance,
        min(first_seen) AS first_shown,
        greatest(max(last_shown), first_shown) AS last_shown_at,
        uniqCombinedMerge(12)(flows) AS flow_count
    FROM certificate_sightings
    WHERE role = 'server'
    GROUP BY fingerprint_sha256, server_ip, server_port, provenance
    HAVING min(position) = 0
) AS s
INNER JOIN (SELECT * FROM certificates FINAL) AS c ON c.fingerprint_sha256 = s.fingerprint_sha256;
