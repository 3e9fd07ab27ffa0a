-- How a chain came to be known, and so what was judged of it. Rows of before were observed.
ALTER TABLE certificate_chains
    ADD COLUMN IF NOT EXISTS provenance Enum8('observed' = 0, 'probed' = 1, 'imported' = 2, 'inferred' = 3),
    MODIFY ORDER BY (chain_hash, role, server_ip, server_port, server_name, provenance);

ALTER TABLE certificate_judgements
    ADD COLUMN IF NOT EXISTS provenance Enum8('observed' = 0, 'probed' = 1, 'imported' = 2, 'inferred' = 3),
    MODIFY ORDER BY (chain_hash, role, server_ip, server_port, server_name, provenance);

-- Chains that probes were shown are judged as those of traffic are.
CREATE MATERIALIZED VIEW IF NOT EXISTS probes_to_certificate_chains TO certificate_chains AS
SELECT
    lower(hex(SHA256(arrayStringConcat(p.server_certificates, ',')))) AS chain_hash,
    'server' AS role,
    p.server_ip AS server_ip,
    p.server_port AS server_port,
    p.server_name AS server_name,
    any(p.server_certificates) AS chain,
    min(p.probed_at) AS first_shown,
    max(p.probed_at) AS last_shown,
    'probed' AS provenance
FROM probes AS p
WHERE notEmpty(p.server_certificates)
GROUP BY chain_hash, role, server_ip, server_port, server_name;

-- What was stored before. Run twice, it says the same again.
INSERT INTO certificate_chains (chain_hash, role, server_ip, server_port, server_name, chain, first_shown, last_shown, provenance)
SELECT
    lower(hex(SHA256(arrayStringConcat(server_certificates, ',')))) AS hash,
    'server' AS shown_by,
    server_ip,
    server_port,
    server_name,
    any(server_certificates) AS chain,
    min(probed_at) AS first_shown,
    max(probed_at) AS last_shown,
    'probed' AS provenance
FROM probes
WHERE notEmpty(server_certificates)
GROUP BY hash, shown_by, server_ip, server_port, server_name;

-- Whether the server stapled a response to the handshake with everything offered, which asks for one. NULL = not told: probes of before.
ALTER TABLE probes
    ADD COLUMN IF NOT EXISTS is_stapled Nullable(Bool);

-- Rules of the default pack that only warn and that the chain meets, as 'pack/rule': no faults.
ALTER TABLE certificate_judgements
    ADD COLUMN IF NOT EXISTS tolerated Array(LowCardinality(String)) AFTER faults;

-- Of an authority that an inventory lists (AWS Private CA): what it says of it. NULL in rows about certificates.
-- authority_status, authority_type, key_algorithm, signing_algorithm, usage_mode: in AWS's words. revokes_by_ocsp, revokes_by_crl:
-- whether its revocation configuration has them on.
ALTER TABLE certificate_imports
    ADD COLUMN IF NOT EXISTS authority_status LowCardinality(Nullable(String)),
    ADD COLUMN IF NOT EXISTS authority_type LowCardinality(Nullable(String)),
    ADD COLUMN IF NOT EXISTS key_algorithm LowCardinality(Nullable(String)),
    ADD COLUMN IF NOT EXISTS signing_algorithm LowCardinality(Nullable(String)),
    ADD COLUMN IF NOT EXISTS usage_mode LowCardinality(Nullable(String)),
    ADD COLUMN IF NOT EXISTS revokes_by_ocsp Nullable(Bool),
    ADD COLUMN IF NOT EXISTS revokes_by_crl Nullable(Bool);

-- The certificates of an identity in the order in which they were first shown, by place, each with the next 32 of them: when they
-- were first shown, when they begin, of what type their key is. Bounded, so that a server with a new certificate for each
-- connection costs what as many servers do. newest_made: of all with its type of key that follow, the one made last.
CREATE OR REPLACE VIEW certificate_succession AS
SELECT
    *,
    groupArray((first_shown_at, begins_at, kind_hash)) OVER (
        PARTITION BY identity ORDER BY place ROWS BETWEEN 1 FOLLOWING AND 32 FOLLOWING
    ) AS next_shown,
    max((begins_at, first_shown_at, place)) OVER (
        PARTITION BY identity, kind_hash ORDER BY place DESC ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING
    ) AS newest_made
FROM
(
    SELECT
        *,
        assumeNotNull(begins) AS begins_at,
        sipHash64(kind) AS kind_hash,
        row_number() OVER (PARTITION BY identity ORDER BY first_shown_at, begins_at, fingerprint_sha256) AS place
    FROM certificate_shown(provenances = {provenances:Array(String)})
    WHERE begins IS NOT NULL AND ends IS NOT NULL
);

-- The next certificate of an identity: made later and shown later, with the same type of key or when the old was gone. Where none
-- of the next 32 is that, the one made last. A row for each certificate that has a next one.
CREATE OR REPLACE VIEW certificate_renewals AS
SELECT
    o.identity AS identity,
    o.old AS old,
    n.new AS new,
    n.renewed_at AS renewed_at,
    n.new_begins AS new_begins,
    o.old_begins AS old_begins,
    o.old_ends AS old_ends,
    o.old_last_shown AS old_last_shown,
    o.old_issuer AS old_issuer,
    n.new_issuer AS new_issuer
FROM
(
    SELECT
        identity,
        fingerprint_sha256 AS old,
        begins_at AS old_begins,
        assumeNotNull(ends) AS old_ends,
        last_shown_at AS old_last_shown,
        ifNull(issuer, '') AS old_issuer,
        arrayFirstIndex(
            one -> one.1 > first_shown_at AND one.2 > begins_at AND (one.3 = kind_hash OR one.1 > last_shown_at), next_shown
        ) AS steps,
        multiIf(
            steps > 0, place + steps,
            newest_made.1 > begins_at AND newest_made.2 > first_shown_at, newest_made.3,
            0
        ) AS next_place
    FROM certificate_succession(provenances = {provenances:Array(String)})
) AS o
INNER JOIN
(
    SELECT
        identity AS new_identity,
        place AS new_place,
        fingerprint_sha256 AS new,
        first_shown_at AS renewed_at,
        begins_at AS new_begins,
        ifNull(issuer, '') AS new_issuer
    FROM certificate_succession(provenances = {provenances:Array(String)})
) AS n ON n.new_identity = o.identity AND n.new_place = o.next_place;

-- Whether the certificates of identities in use in [{from}, {to}] are renewed without a person: 'likely', 'unlikely' or 'unknown',
-- and by what. By 'import' where an inventory says that they are, or that they are not: the latest that has it, by SHA-256 before
-- serial number. Else inferred: the 'issuer' issues by protocol only; or the 'rhythm' of two renewals or more, each at 50 to 90 % of
-- the life, no two further apart than a tenth of it.
CREATE OR REPLACE VIEW certificate_automation AS
SELECT
    i.identity AS identity,
    ifNull(f.says, if(t.says_of IN ('', i.issued_by), t.says, NULL)) AS told,
    multiIf(
        told IS NOT NULL, 'import',
        match(i.issued_by, '(^|[,+])O=(Let''s Encrypt|Amazon|Google Trust Services( LLC)?)([,+]|$)'), 'issuer',
        r.renewal_count >= 2 AND ifNull(r.least_share >= 0.5 AND r.greatest_share <= 0.9
            AND r.greatest_share - r.least_share < 0.1, false),
        'rhythm',
        ''
    ) AS automation_by,
    multiIf(
        told IS NOT NULL, if(assumeNotNull(told), 'likely', 'unlikely'),
        automation_by != '', 'likely',
        r.renewal_count >= 2, 'unlikely',
        'unknown'
    ) AS automation
FROM
(
    SELECT
        identity,
        argMax(fingerprint_sha256, last_shown) AS current,
        argMax(ifNull(serial_number, ''), last_shown) AS serial,
        argMax(ifNull(issuer, ''), last_shown) AS issued_by
    FROM certificate_deployments
    WHERE first_shown <= {to:DateTime64(6, 'UTC')} AND last_shown >= {from:DateTime64(6, 'UTC')}
        AND (empty({provenances:Array(String)}) OR has({provenances:Array(String)}, toString(provenance)))
    GROUP BY identity
) AS i
LEFT JOIN
(
    SELECT fingerprint_sha256 AS fingerprint, toNullable(argMax(assumeNotNull(automated), imported_at)) AS says
    FROM certificate_imports FINAL
    WHERE automated IS NOT NULL AND fingerprint_sha256 != ''
    GROUP BY fingerprint
) AS f ON f.fingerprint = i.current
LEFT JOIN
(
    SELECT
        serial_number AS serial,
        toNullable(argMax(assumeNotNull(automated), imported_at)) AS says,
        argMax(ifNull(issuer, ''), imported_at) AS says_of
    FROM certificate_imports FINAL
    WHERE automated IS NOT NULL AND serial_number != ''
    GROUP BY serial
) AS t ON t.serial = i.serial
LEFT JOIN
(
    -- How much of the old certificate's life was over, where it was renewed.
    SELECT
        identity,
        count() AS renewal_count,
        min(dateDiff('second', old_begins, renewed_at) / nullIf(dateDiff('second', old_begins, old_ends), 0)) AS least_share,
        max(dateDiff('second', old_begins, renewed_at) / nullIf(dateDiff('second', old_begins, old_ends), 0)) AS greatest_share
    FROM certificate_renewals(provenances = {provenances:Array(String)})
    WHERE renewed_at <= {to:DateTime64(6, 'UTC')}
    GROUP BY identity
) AS r ON r.identity = i.identity;
