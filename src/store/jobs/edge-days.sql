-- Adds the flows of days up by edge. Encrypted flows come before or after the plaintext of their edge on that day, whatever
-- the protocol or the sensor; without any they come after.
INSERT INTO edge_days
WITH
    (SELECT groupArray((low, high, vni, name)) FROM zone_ranges) AS ranges,
    toDateTime64('1970-01-01 00:00:00', 6, 'UTC') AS never,
    judged AS
    (
        SELECT *, toDateTime64(intDiv(toUnixTimestamp64Micro(first_seen), 86400000000) * 86400, 0, 'UTC') AS day
        FROM flows FINAL
        WHERE first_seen >= {from:DateTime64(6, 'UTC')} AND first_seen < {to:DateTime64(6, 'UTC')}
            AND intDiv(toUnixTimestamp64Micro(first_seen), 86400000000) IN (SELECT arrayJoin({days:Array(Int64)}))
    ),
    plaintexts AS
    (
        SELECT day, client_ip, server_ip, server_port, min(first_seen) AS first, max(first_seen) AS last
        FROM judged
        WHERE verdict = 'plaintext'
        GROUP BY day, client_ip, server_ip, server_port
    )
SELECT
    f.day AS day,
    {generation:UInt64} AS generation,
    f.sensor AS sensor,
    f.policy AS policy,
    f.client_ip AS client_ip,
    f.server_ip AS server_ip,
    f.server_port AS server_port,
    ifNull(f.app_protocol, '') AS app_protocol,
    any(arrayFirst(z -> f.client_ip >= z.1 AND f.client_ip <= z.2 AND (z.3 = -1 OR z.3 = f.vni), ranges).4) AS client_zone,
    any(arrayFirst(z -> f.server_ip >= z.1 AND f.server_ip <= z.2 AND (z.3 = -1 OR z.3 = f.vni), ranges).4) AS server_zone,
    anyIf(name, name != '') AS service,
    countIf(f.verdict = 'plaintext') AS plaintext,
    countIf(f.verdict = 'weak') AS weak,
    countIf(f.verdict = 'strong') AS strong,
    countIf(f.verdict = 'opaque') AS opaque,
    countIf(f.verdict = 'unknown') AS unknown,
    countIf(f.verdict = 'exempt') AS exempt,
    sum(f.bytes_client + f.bytes_server) AS bytes,
    countIf(has_authenticated) AS authenticated,
    min(f.first_seen) AS first_seen,
    max(f.last_seen) AS last_seen,
    minIf(f.first_seen, f.verdict = 'plaintext') AS first_plaintext,
    maxIf(f.first_seen, f.verdict = 'plaintext') AS last_plaintext,
    countIf(is_before) AS encrypted_before,
    maxIf(f.first_seen, is_before) AS last_encrypted_before,
    countIf(is_after) AS encrypted_after,
    minIf(f.first_seen, is_after) AS first_encrypted_after,
    maxIf(f.first_seen, is_after) AS last_encrypted_after,
    now() AS stored_at
FROM
(
    SELECT
        judged.*,
        lower(coalesce(nullIf(server_name, ''), nullIf(replaceRegexpOne(ifNull(http_host, ''), ':[0-9]*$', ''), ''), '')) AS name,
        arrayExists(one -> one NOT IN ('anonymous', 'sasl-anonymous', 'none', 'trust', 'jwt-none'), auth_mechanisms)
            OR ifNull(client_certificate, '') = 'presented'
            OR ifNull(app_protocol, '') IN ('ssh', 'wireguard', 'ike')
            OR transport = 'esp' AS has_authenticated,
        verdict IN ('weak', 'strong', 'opaque') AND plaintexts.last != never AND judged.first_seen < plaintexts.first AS is_before,
        verdict IN ('weak', 'strong', 'opaque') AND judged.first_seen > plaintexts.last AS is_after
    FROM judged
    LEFT JOIN plaintexts
        ON plaintexts.day = judged.day
        AND plaintexts.client_ip = judged.client_ip
        AND plaintexts.server_ip = judged.server_ip
        AND plaintexts.server_port = judged.server_port
) AS f
GROUP BY f.day, f.sensor, f.policy, f.client_ip, f.server_ip, f.server_port, f.app_protocol
