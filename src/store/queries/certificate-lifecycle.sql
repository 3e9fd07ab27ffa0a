-- How the certificates of each identity (names and port, as of certificate_deployments) follow one another: those in use in
-- [from, to], told whole; those whose newest certificate ends first at the beginning, after the one with that end and id.
-- renewals, lead_s, t50_s …: as of certificate_renewals and certificate_rollouts; lead_s and the rollout are of the last one.
-- near_misses: with max(24 h, a tenth of the lifetime) or less left. expired: certificates shown after their end, five minutes
-- of clocks apart granted. revoked: certificates shown after an inventory or a verified list or response had them as revoked.
-- t50_s, t95_s, t100_s: until so many of the endpoints that showed the old one, and were seen since, showed the new one; NULL =
-- they have not yet. flapping: at one address, a certificate was still shown a day after two newer ones came.
-- automation: inferred. authority: of the newest, by the root that vouches, an inventory, or an issuer in one.
-- Lists: the 100 latest. {provenances}: sightings known so. {name}: a part of the identity. An empty one takes all.
WITH
    shown AS (SELECT * FROM certificate_shown(provenances = {provenances:Array(String)})),
    shown_at AS (SELECT * FROM certificate_shown_at(provenances = {provenances:Array(String)})),
    -- What inventories say of certificates that were shown: by SHA-256, or where they have none by serial number.
    told AS
    (
        SELECT k.fingerprint_sha256 AS fingerprint, min(t.revoked_at) AS revoked_at, max(t.authority) AS authority
        FROM
        (
            SELECT
                fingerprint_sha256,
                ifNull(issuer, '') AS issued_by,
                arrayJoin([concat('sha256 ', fingerprint_sha256), concat('serial ', ifNull(serial_number, ''))]) AS match_key
            FROM shown
        ) AS k
        INNER JOIN
        (
            SELECT
                if(fingerprint_sha256 != '', concat('sha256 ', fingerprint_sha256), concat('serial ', serial_number)) AS match_key,
                ifNull(issuer, '') AS issued_by,
                revoked_at,
                authority
            FROM certificate_imports FINAL
            WHERE fingerprint_sha256 != '' OR serial_number != ''
        ) AS t ON t.match_key = k.match_key
        WHERE t.issued_by = '' OR t.issued_by = k.issued_by
        GROUP BY fingerprint
    ),
    judged AS
    (
        SELECT leaf, toString(argMax(anchor, last_shown)) AS vouching, countIf(revocation = 'revoked') > 0 AS is_revoked
        FROM certificate_judgements FINAL
        WHERE role = 'server'
            AND (empty({provenances:Array(String)}) OR has({provenances:Array(String)}, toString(provenance)))
        GROUP BY leaf
    ),
    courses AS
    (
        SELECT
            s.identity AS identity,
            s.fingerprint_sha256 AS fingerprint,
            s.issuer AS issued_by,
            s.begins AS begins,
            s.ends AS ends,
            s.first_shown_at AS first_shown_at,
            s.last_shown_at AS last_shown_at,
            s.endpoint_count AS endpoint_count,
            multiIf(
                j.vouching IN ('private', 'public'), toNullable(j.vouching),
                t.authority IS NOT NULL, t.authority,
                ifNull(s.issuer, '') IN
                    (SELECT assumeNotNull(issuer) FROM certificate_imports FINAL WHERE authority = 'private' AND issuer IS NOT NULL),
                'private',
                NULL
            ) AS authority,
            t.revoked_at AS revoked_at,
            ifNull(s.last_shown_at > s.ends + INTERVAL 5 MINUTE, false) AS is_late,
            ifNull(s.last_shown_at > t.revoked_at, false) OR j.is_revoked AS is_used_revoked
        FROM shown AS s
        LEFT JOIN told AS t ON t.fingerprint = s.fingerprint_sha256
        LEFT JOIN judged AS j ON j.leaf = s.fingerprint_sha256
    ),
    certificates_of AS
    (
        SELECT
            identity,
            min(first_shown_at) AS first_shown,
            max(last_shown_at) AS last_shown,
            count() AS certificate_count,
            argMax(fingerprint, first_shown_at) AS newest,
            argMax(tuple(ends), first_shown_at).1 AS newest_ends,
            argMax(tuple(authority), first_shown_at).1 AS newest_authority,
            countIf(is_late) AS late_count,
            countIf(is_used_revoked) AS revoked_count,
            arraySlice(
                arrayReverseSort(groupArray(CAST(
                    (
                        formatDateTime(first_shown_at, '%Y-%m-%dT%H:%i:%S.%fZ', 'UTC'),
                        formatDateTime(last_shown_at, '%Y-%m-%dT%H:%i:%S.%fZ', 'UTC'),
                        fingerprint,
                        issued_by,
                        formatDateTime(begins, '%Y-%m-%dT%H:%i:%SZ', 'UTC'),
                        formatDateTime(ends, '%Y-%m-%dT%H:%i:%SZ', 'UTC'),
                        endpoint_count,
                        authority,
                        is_late,
                        is_used_revoked
                    ),
                    'Tuple(first_seen String, last_seen String, fingerprint_sha256 String, issuer Nullable(String),
                        not_before Nullable(String), not_after Nullable(String), endpoints UInt64,
                        authority Nullable(String), expired Bool, revoked Bool)'
                ))),
                1, 100
            ) AS deployments
        FROM courses
        GROUP BY identity
    ),
    renewed AS
    (
        SELECT
            identity,
            old,
            new,
            any(renewed_at) AS began,
            dateDiff('second', began, any(old_ends)) AS lead_s,
            lead_s >= 0 AND lead_s <= greatest(86400, dateDiff('second', any(old_begins), any(old_ends)) / 10) AS is_near_miss,
            any(new_issuer) != any(old_issuer) AS has_other_issuer,
            countIf(first_shown_at IS NULL AND old_last_shown > renewed_at) AS open_count,
            arraySort(groupArrayIf(
                greatest(dateDiff('second', renewed_at, ifNull(first_shown_at, renewed_at)), 0), first_shown_at IS NOT NULL
            )) AS delays,
            length(delays) + open_count AS known_count,
            toUInt64(ceil(known_count * 0.5)) AS half,
            toUInt64(ceil(known_count * 0.95)) AS most,
            CAST(
                (
                    formatDateTime(began, '%Y-%m-%dT%H:%i:%S.%fZ', 'UTC'), old, new, lead_s, is_near_miss, has_other_issuer,
                    count(), length(delays), open_count,
                    if(known_count > 0 AND half <= length(delays), toNullable(delays[half]), NULL),
                    if(known_count > 0 AND most <= length(delays), toNullable(delays[most]), NULL),
                    if(known_count > 0 AND open_count = 0, toNullable(delays[-1]), NULL)
                ),
                'Tuple(renewed_at String, old String, new String, lead_s Int64, near_miss Bool, issuer_changed Bool,
                    endpoints UInt64, done UInt64, open UInt64, t50_s Nullable(Int64), t95_s Nullable(Int64),
                    t100_s Nullable(Int64))'
            ) AS rollout
        FROM certificate_rollouts(provenances = {provenances:Array(String)})
        GROUP BY identity, old, new
    ),
    renewals_of AS
    (
        SELECT
            identity,
            count() AS renewal_count,
            countIf(is_near_miss) AS near_miss_count,
            countIf(has_other_issuer) AS issuer_change_count,
            arraySlice(arrayReverseSort(groupArray(rollout)), 1, 100) AS rollouts
        FROM renewed
        GROUP BY identity
    ),
    -- Of those that follow, the next 32 are looked at, as in certificate_succession.
    flapping_at AS
    (
        SELECT DISTINCT identity, server_ip
        FROM
        (
            SELECT
                identity,
                server_ip,
                first_shown_at,
                last_shown_at,
                assumeNotNull(begins) AS begins_at,
                groupArray((first_shown_at, begins_at)) OVER (
                    PARTITION BY identity, server_ip, kind ORDER BY first_shown_at, begins_at, fingerprint_sha256
                    ROWS BETWEEN 1 FOLLOWING AND 32 FOLLOWING
                ) AS next_shown
            FROM shown_at
            WHERE begins IS NOT NULL
        )
        WHERE arrayCount(
            one -> one.1 > first_shown_at AND one.2 > begins_at AND last_shown_at > one.1 + INTERVAL 1 DAY, next_shown
        ) >= 2
    ),
    places_of AS
    (
        SELECT
            identity,
            count() AS endpoint_count,
            countIf(is_flapping) AS flapping_count,
            groupArray(server_ip) AS addresses,
            arraySlice(
                arrayReverseSort(groupArray(CAST(
                    (
                        formatDateTime(last_shown, '%Y-%m-%dT%H:%i:%S.%fZ', 'UTC'),
                        formatDateTime(first_shown, '%Y-%m-%dT%H:%i:%S.%fZ', 'UTC'),
                        replaceRegexpOne(toString(server_ip), '^::ffff:([0-9.]+)$', '\\1'),
                        certificate_count,
                        newest,
                        late_count,
                        is_flapping
                    ),
                    'Tuple(last_seen String, first_seen String, server_ip String, certificates UInt64, newest String,
                        expired UInt64, flapping Bool)'
                ))),
                1, 100
            ) AS places
        FROM
        (
            SELECT
                identity,
                server_ip,
                count() AS certificate_count,
                argMax(fingerprint_sha256, first_shown_at) AS newest,
                countIf(last_shown_at > ends + INTERVAL 5 MINUTE) AS late_count,
                min(first_shown_at) AS first_shown,
                max(last_shown_at) AS last_shown,
                (identity, server_ip) IN (SELECT identity, server_ip FROM flapping_at) AS is_flapping
            FROM shown_at
            GROUP BY identity, server_ip
        )
        GROUP BY identity
    )
SELECT
    i.identity AS identity,
    lower(hex(SHA256(i.identity))) AS identity_id,
    formatDateTime(c.first_shown, '%Y-%m-%dT%H:%i:%S.%fZ', 'UTC') AS first_seen,
    formatDateTime(c.last_shown, '%Y-%m-%dT%H:%i:%S.%fZ', 'UTC') AS last_seen,
    c.newest AS newest,
    formatDateTime(c.newest_ends, '%Y-%m-%dT%H:%i:%SZ', 'UTC') AS newest_ends,
    c.certificate_count AS certificates,
    p.endpoint_count AS endpoints,
    r.renewal_count AS renewals,
    if(renewals = 0, NULL, r.rollouts[1].lead_s) AS lead_s,
    if(renewals = 0, NULL, r.rollouts[1].t50_s) AS t50_s,
    if(renewals = 0, NULL, r.rollouts[1].t95_s) AS t95_s,
    if(renewals = 0, NULL, r.rollouts[1].t100_s) AS t100_s,
    if(renewals = 0, 0, r.rollouts[1].open) AS open,
    r.near_miss_count AS near_misses,
    c.late_count AS expired,
    c.revoked_count AS revoked,
    r.issuer_change_count AS issuer_changes,
    CAST(p.flapping_count > 0 AS Bool) AS flapping,
    i.automation AS automation,
    nullIf(i.automation_by, '') AS automation_by,
    c.newest_authority AS authority,
    r.rollouts AS rollouts,
    c.deployments AS deployments,
    p.places AS places,
    ifNull(dateDiff('second', toDateTime64('1970-01-01 00:00:00', 0, 'UTC'), c.newest_ends), 99999999999) AS end_s
FROM certificate_automation(
    from = {from:DateTime64(6, 'UTC')}, to = {to:DateTime64(6, 'UTC')}, provenances = {provenances:Array(String)}
) AS i
INNER JOIN certificates_of AS c ON c.identity = i.identity
INNER JOIN places_of AS p ON p.identity = i.identity
LEFT JOIN renewals_of AS r ON r.identity = i.identity
WHERE (end_s, identity_id) > ({after_end_s:Int64}, {after_id:String})
    AND (empty({name:String}) OR positionCaseInsensitiveUTF8(i.identity, {name:String}) > 0)
    AND (empty({automations:Array(String)}) OR has({automations:Array(String)}, i.automation))
    AND (empty({server_ips:Array(String)}) OR hasAny(arrayMap(ip -> toIPv6(ip), {server_ips:Array(String)}), p.addresses))
ORDER BY end_s, identity_id
LIMIT {limit:UInt32}
