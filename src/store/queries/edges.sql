-- Edges (client address, server address, server port) of the days that [from, to] touches, in the order of server, port and client:
-- those after the one named. An empty list asks for nothing. `verdict` is the worst of an edge's flows, exempt only when all are;
-- zones and service are one of those seen.
WITH ['plaintext', 'weak', 'opaque', 'strong', 'unknown', 'exempt'] AS worst_first
SELECT
    replaceRegexpOne(toString(e.client_ip), '^::ffff:([0-9.]+)$', '\\1') AS client_ip,
    replaceRegexpOne(toString(e.server_ip), '^::ffff:([0-9.]+)$', '\\1') AS server_ip,
    e.server_port AS server_port,
    any(e.client_zone) AS client_zone,
    any(e.server_zone) AS server_zone,
    nullIf(max(e.service), '') AS service,
    arrayFilter(one -> one != '', arraySort(groupUniqArray(e.app_protocol))) AS app_protocols,
    worst_first[indexOf(arrayMap(n -> n > 0, [plaintext, weak, opaque, strong, unknown, exempt]), true)] AS verdict,
    plaintext + weak + strong + opaque + unknown + exempt AS flows,
    sum(e.bytes) AS bytes,
    sum(e.plaintext) AS plaintext,
    sum(e.weak) AS weak,
    sum(e.strong) AS strong,
    sum(e.opaque) AS opaque,
    sum(e.unknown) AS unknown,
    sum(e.exempt) AS exempt,
    sum(e.authenticated) AS authenticated,
    formatDateTime(min(e.first_seen), '%Y-%m-%dT%H:%i:%S.%fZ', 'UTC') AS first_seen,
    formatDateTime(max(e.last_seen), '%Y-%m-%dT%H:%i:%S.%fZ', 'UTC') AS last_seen
FROM kpi_edges(
    from = {from:DateTime64(6, 'UTC')}, to = {to:DateTime64(6, 'UTC')}, zones = {zones:Array(String)},
    services = {services:Array(String)}, sensors = {sensors:Array(String)}, protocols = {protocols:Array(String)},
    packs = {packs:Array(String)}
) AS e
WHERE {is_first:Bool}
    OR (e.server_ip, e.server_port, e.client_ip)
        > (toIPv6({after_server_ip:String}), {after_server_port:UInt16}, toIPv6({after_client_ip:String}))
GROUP BY e.client_ip, e.server_ip, e.server_port
HAVING empty({verdicts:Array(String)}) OR has({verdicts:Array(String)}, verdict)
ORDER BY e.server_ip, e.server_port, e.client_ip
LIMIT {limit:UInt32}
