-- Chains that were shown and not judged since, or by another basis than {basis}, after the place {after_…}, {limit} of them.
-- One that nobody vouched for is judged again once another authority was stored; any, once a responder or a list came to say
-- something else of a certificate in it or above it.
WITH
    (SELECT count() FROM certificates FINAL WHERE ifNull(is_ca, true)) AS known_authorities,
    chains AS
    (
        SELECT
            chain_hash,
            role,
            server_ip,
            server_port,
            server_name,
            provenance,
            any(chain) AS certificates,
            min(first_shown) AS first_shown_at,
            max(last_shown) AS last_shown_at
        FROM certificate_chains
        GROUP BY chain_hash, role, server_ip, server_port, server_name, provenance
    ),
    judged AS
    (
        SELECT
            chain_hash, role, server_ip, server_port, server_name, provenance, last_shown, basis, authorities, anchor = 'none' AS is_open
        FROM certificate_judgements FINAL
    ),
    outdated AS
    (
        SELECT DISTINCT chain_hash, role, server_ip, server_port, server_name, provenance
        FROM
        (
            SELECT chain_hash, role, server_ip, server_port, server_name, provenance, judged_at, path
            FROM certificate_judgements FINAL
        ) AS j
        ARRAY JOIN path AS certificate
        INNER JOIN
        (
            SELECT fingerprint_sha256, max(changed_at) AS changed FROM revocation_answers FINAL GROUP BY fingerprint_sha256
        ) AS a ON a.fingerprint_sha256 = certificate
        WHERE a.changed > j.judged_at
    )
SELECT
    c.chain_hash AS chain_hash,
    toString(c.role) AS role,
    toString(c.server_ip) AS server_ip,
    c.server_port AS server_port,
    c.server_name AS server_name,
    toString(c.provenance) AS provenance,
    c.certificates AS chain,
    formatDateTime(c.first_shown_at, '%Y-%m-%dT%H:%i:%S.%fZ', 'UTC') AS first_shown,
    formatDateTime(c.last_shown_at, '%Y-%m-%dT%H:%i:%S.%fZ', 'UTC') AS last_shown,
    toUInt32(known_authorities) AS authorities
FROM chains AS c
LEFT JOIN judged AS j
    ON j.chain_hash = c.chain_hash AND j.role = c.role AND j.server_ip = c.server_ip AND j.server_port = c.server_port
    AND j.server_name = c.server_name AND j.provenance = c.provenance
WHERE (c.chain_hash, toString(c.role), toString(c.server_ip), c.server_port, c.server_name, toString(c.provenance))
    > (
        {after_hash:String}, {after_role:String}, {after_ip:String}, {after_port:UInt16}, {after_name:String},
        {after_provenance:String}
    )
    AND (
        j.basis != {basis:String}
        OR j.last_shown < c.last_shown_at
        OR (j.is_open AND j.authorities != known_authorities)
        OR (c.chain_hash, c.role, c.server_ip, c.server_port, c.server_name, c.provenance) IN (SELECT * FROM outdated)
    )
ORDER BY c.chain_hash, toString(c.role), toString(c.server_ip), c.server_port, c.server_name, toString(c.provenance)
LIMIT {limit:UInt32}
