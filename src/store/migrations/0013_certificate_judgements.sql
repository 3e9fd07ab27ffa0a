-- Chains of certificates as they were shown, and what was judged of them.
-- chain_hash: SHA-256, hex, of the fingerprints with commas between them; chain: the fingerprints, the leaf first.
CREATE TABLE IF NOT EXISTS certificate_chains
(
    chain_hash String,
    role Enum8('server' = 1, 'client' = 2),
    server_ip IPv6,
    server_port UInt16,
    -- Empty = the client named none.
    server_name String,
    chain SimpleAggregateFunction(any, Array(String)),
    -- When the first and the last flow that showed it began.
    first_shown SimpleAggregateFunction(min, DateTime64(6, 'UTC')),
    last_shown SimpleAggregateFunction(max, DateTime64(6, 'UTC')),
    stored_at SimpleAggregateFunction(max, DateTime('UTC')) DEFAULT now()
)
ENGINE = AggregatingMergeTree
ORDER BY (chain_hash, role, server_ip, server_port, server_name)
TTL stored_at + INTERVAL 400 DAY
SETTINGS non_replicated_deduplication_window = 1000;

CREATE MATERIALIZED VIEW IF NOT EXISTS flows_in_to_certificate_chains TO certificate_chains AS
SELECT
    lower(hex(SHA256(arrayStringConcat(shown.1, ',')))) AS chain_hash,
    shown.2 AS role,
    f.server_ip AS server_ip,
    f.server_port AS server_port,
    ifNull(f.server_name, '') AS server_name,
    any(shown.1) AS chain,
    min(f.first_seen) AS first_shown,
    max(f.first_seen) AS last_shown
FROM flows_in AS f
ARRAY JOIN [(server_certificates, 'server'), (client_certificates, 'client')] AS shown
WHERE notEmpty(shown.1)
GROUP BY chain_hash, role, server_ip, server_port, server_name;

-- What was stored before. Run twice, it says the same again.
INSERT INTO certificate_chains (chain_hash, role, server_ip, server_port, server_name, chain, first_shown, last_shown)
SELECT
    lower(hex(SHA256(arrayStringConcat(shown.1, ',')))) AS chain_hash,
    shown.2 AS role,
    server_ip,
    server_port,
    ifNull(f.server_name, '') AS asked_for,
    any(shown.1) AS chain,
    min(f.first_seen) AS first_shown,
    max(f.first_seen) AS last_shown
FROM flows AS f
ARRAY JOIN [(server_certificates, 'server'), (client_certificates, 'client')] AS shown
WHERE notEmpty(shown.1)
GROUP BY chain_hash, role, server_ip, server_port, asked_for;

-- The latest judgement of each, by the time at which the chain was last shown.
-- anchor: public = a root of Mozilla's vouches, private = one that the operator named.
-- path: fingerprints, the leaf first; path_names: their subjects; path_from: who had them.
-- faults: ids of docs/certificates.md. basis: which roots and revocation lists it was judged by.
CREATE TABLE IF NOT EXISTS certificate_judgements
(
    chain_hash String,
    role Enum8('server' = 1, 'client' = 2),
    server_ip IPv6,
    server_port UInt16,
    server_name String,
    leaf String,
    first_shown DateTime64(6, 'UTC'),
    last_shown DateTime64(6, 'UTC'),
    anchor Enum8('none' = 0, 'public' = 1, 'private' = 2),
    path Array(String),
    path_names Array(String),
    path_from Array(Enum8('sent' = 1, 'seen' = 2, 'root' = 3)),
    -- Of the leaf; unknown = nothing that could be verified speaks of it.
    revocation Enum8('unknown' = 0, 'good' = 1, 'revoked' = 2),
    faults Array(LowCardinality(String)),
    basis LowCardinality(String),
    -- How many authorities the store knew then.
    authorities UInt64,
    judged_at DateTime64(3, 'UTC')
)
ENGINE = ReplacingMergeTree(judged_at)
ORDER BY (chain_hash, role, server_ip, server_port, server_name)
TTL toDateTime(judged_at) + INTERVAL 400 DAY
SETTINGS non_replicated_deduplication_window = 1000;
