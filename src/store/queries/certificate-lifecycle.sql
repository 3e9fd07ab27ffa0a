-- How the certificates of each identity follow one another: a row for each (names and port, as of certificate_deployments).
-- renewals: the next certificate, made and shown later, with the same type of key or when the old was gone. lead_s: how long
-- before the old one's end the last of them came, in seconds, negative after it. near_misses: with max(24 h, a tenth of the
-- lifetime) or less left. expired: certificates shown after their end, five minutes of clocks apart granted.
-- flapping: more than two certificates are shown on one address in turn, each still a day after the next one came.
-- automation: 'likely' or 'unlikely' by rhythm (two renewals or more, each at 50 to 90 % of the life, no two further apart than
-- a tenth), 'unknown' below two; inferred. {provenances}: sightings known so; an empty list takes all. At most {limit} rows.
WITH
    places AS
    (
        SELECT * FROM certificate_deployments
        WHERE empty({provenances:Array(String)}) OR has({provenances:Array(String)}, toString(provenance))
    ),
    deployed AS
    (
        SELECT
            identity,
            fingerprint_sha256,
            any(kind) AS kind,
            any(issuer) AS issued_by,
            any(not_before) AS begins,
            any(not_after) AS ends,
            min(first_shown) AS first_shown_at,
            max(last_shown) AS last_shown_at
        FROM places
        GROUP BY identity, fingerprint_sha256
    ),
    renewals AS
    (
        SELECT
            o.identity AS identity,
            o.fingerprint_sha256 AS old,
            min(n.first_shown_at) AS renewed_at,
            argMin(ifNull(n.issued_by, ''), n.first_shown_at) AS new_issuer,
            any(ifNull(o.issued_by, '')) AS old_issuer,
            dateDiff('second', renewed_at, any(assumeNotNull(o.ends))) AS lead_s,
            dateDiff('second', any(assumeNotNull(o.begins)), any(assumeNotNull(o.ends))) AS lifetime_s,
            any(o.last_shown_at) > renewed_at + INTERVAL 1 DAY AS is_shown_on
        FROM deployed AS o
        INNER JOIN deployed AS n ON n.identity = o.identity
        WHERE n.begins > o.begins AND o.ends IS NOT NULL AND n.first_shown_at > o.first_shown_at
            AND (n.kind = o.kind OR n.first_shown_at > o.last_shown_at)
        GROUP BY o.identity, o.fingerprint_sha256
    ),
    courses AS
    (
        SELECT
            identity,
            count() AS renewal_count,
            argMax(lead_s, renewed_at) AS last_lead_s,
            countIf(lead_s >= 0 AND lead_s <= greatest(86400, lifetime_s / 10)) AS near_miss_count,
            countIf(new_issuer != old_issuer) AS issuer_change_count,
            countIf(is_shown_on) AS shown_on_count,
            min(1 - lead_s / nullIf(lifetime_s, 0)) AS least_share,
            max(1 - lead_s / nullIf(lifetime_s, 0)) AS greatest_share
        FROM renewals
        GROUP BY identity
    )
SELECT
    d.identity AS identity,
    formatDateTime(min(d.first_shown_at), '%Y-%m-%dT%H:%i:%S.%fZ', 'UTC') AS first_seen,
    formatDateTime(max(d.last_shown_at), '%Y-%m-%dT%H:%i:%S.%fZ', 'UTC') AS last_seen,
    argMax(d.fingerprint_sha256, d.first_shown_at) AS newest,
    formatDateTime(argMax(d.ends, d.first_shown_at), '%Y-%m-%dT%H:%i:%SZ', 'UTC') AS newest_ends,
    uniqExact(d.fingerprint_sha256) AS certificates,
    any(e.endpoint_count) AS endpoints,
    any(c.renewal_count) AS renewals,
    if(renewals = 0, NULL, any(c.last_lead_s)) AS lead_s,
    any(c.near_miss_count) AS near_misses,
    countIf(d.last_shown_at > d.ends + INTERVAL 5 MINUTE) AS expired,
    any(c.issuer_change_count) AS issuer_changes,
    any(c.shown_on_count) > 1 AS flapping,
    multiIf(
        renewals < 2, 'unknown',
        any(c.least_share) >= 0.5 AND any(c.greatest_share) <= 0.9 AND any(c.greatest_share) - any(c.least_share) < 0.1, 'likely',
        'unlikely'
    ) AS automation
FROM deployed AS d
LEFT JOIN courses AS c ON c.identity = d.identity
LEFT JOIN (SELECT identity, uniqExact(server_ip, server_port) AS endpoint_count FROM places GROUP BY identity) AS e
    ON e.identity = d.identity
GROUP BY d.identity
ORDER BY identity
LIMIT {limit:UInt32}
