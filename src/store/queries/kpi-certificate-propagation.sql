-- Mean time to certificate propagation (SEC09-BP01): from the first endpoint that shows a renewed certificate to 95 % of them.
-- The endpoints (address and port) of a rollout are those that showed the old certificate; point = the 95th percentile of
-- their delays over all rollouts that began in the time, in seconds; t50 and t100 beside it.
-- numerator: endpoints that show the new one. denominator: those, and the ones that showed the old one after the rollout
-- began and have not shown the new one (open). unobservable: endpoints that showed neither since: no traffic, or switched off.
-- low takes the unobservable for done at once; high takes them and the open ones for waiting until {to}, or until the last flow of all.
-- Complement: a probe of the silent endpoints.
-- {from}, {to}: when it happened. {provenances}: only sightings known so (observed, probed); an empty list takes all.
WITH
deployed AS
    (
        SELECT
            identity,
            fingerprint_sha256,
            any(kind) AS kind,
            assumeNotNull(any(not_before)) AS begins,
            assumeNotNull(any(not_after)) AS ends,
            min(first_shown) AS first_shown_at,
            max(last_shown) AS last_shown_at
        FROM certificate_deployments
        WHERE not_before IS NOT NULL AND not_after IS NOT NULL
            AND (empty({provenances:Array(String)}) OR has({provenances:Array(String)}, toString(provenance)))
        GROUP BY identity, fingerprint_sha256
    ),
    -- The next certificate of the identity: made later and shown later, with the same type of key or when the old was gone.
    renewals AS
    (
        SELECT
            o.identity AS identity,
            o.fingerprint_sha256 AS old,
            argMin(n.fingerprint_sha256, n.first_shown_at) AS new,
            min(n.first_shown_at) AS renewed_at,
            argMin(n.begins, n.first_shown_at) AS new_begins,
            any(o.begins) AS old_begins,
            any(o.ends) AS old_ends,
            any(o.last_shown_at) AS old_last_shown
        FROM deployed AS o
        INNER JOIN deployed AS n ON n.identity = o.identity
        WHERE n.begins > o.begins AND n.first_shown_at > o.first_shown_at
            AND (n.kind = o.kind OR n.first_shown_at > o.last_shown_at)
        GROUP BY o.identity, o.fingerprint_sha256
    ),
    places AS
    (
        SELECT
            identity,
            fingerprint_sha256,
            server_ip,
            min(first_shown) AS first_shown_at,
            max(last_shown) AS last_shown_at
        FROM certificate_deployments
        WHERE empty({provenances:Array(String)}) OR has({provenances:Array(String)}, toString(provenance))
        GROUP BY identity, fingerprint_sha256, server_ip
    ),
    steps AS
    (
        SELECT
            r.renewed_at AS began,
            n.fingerprint_sha256 != '' AND n.first_shown_at <= {to:DateTime64(6, 'UTC')} AS is_done,
            NOT is_done AND o.last_shown_at > r.renewed_at AS is_open,
            greatest(dateDiff('second', r.renewed_at, n.first_shown_at), 0) AS delay,
            greatest(dateDiff('second', r.renewed_at, (SELECT least(max(last_seen), {to:DateTime64(6, 'UTC')}) FROM flows)), 0) AS age
        FROM renewals AS r
        INNER JOIN places AS o ON o.identity = r.identity AND o.fingerprint_sha256 = r.old
        LEFT JOIN places AS n ON n.identity = r.identity AND n.fingerprint_sha256 = r.new AND n.server_ip = o.server_ip
        WHERE r.renewed_at >= {from:DateTime64(6, 'UTC')} AND r.renewed_at <= {to:DateTime64(6, 'UTC')}
    )
SELECT
    'seconds' AS unit,
    countIf(is_done) AS numerator,
    countIf(is_done OR is_open) AS denominator,
    countIf(NOT is_done AND NOT is_open) AS unobservable,
    if(denominator + unobservable = 0, NULL, quantileExactIf(0.95)(if(is_done, delay, 0), is_done OR NOT is_open)) AS low,
    if(numerator = 0, NULL, quantileExactIf(0.95)(delay, is_done)) AS point,
    if(denominator + unobservable = 0, NULL, quantileExact(0.95)(if(is_done, delay, age))) AS high,
    if(numerator = 0, NULL, quantileExactIf(0.5)(delay, is_done)) AS t50,
    if(numerator = 0, NULL, maxIf(delay, is_done)) AS t100,
    countIf(is_open) AS open
FROM steps
