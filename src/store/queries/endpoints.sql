-- Endpoints (server address, server port) of the days that [from, to] touches, in the order of those two: those after the one
-- named. An empty list asks for nothing. `verdict` is the worst of an endpoint's flows, exempt only when all are; `clients` counts
-- addresses, and `clients_in_clear` those with a plaintext flow.
WITH ['plaintext', 'weak', 'opaque', 'strong', 'unknown', 'exempt'] AS worst_first
SELECT
    replaceRegexpOne(toString(e.server_ip), '^::ffff:([0-9.]+)$', '\\1') AS server_ip,
    e.server_port AS server_port,
    any(e.server_zone) AS server_zone,
    arraySlice(arrayFilter(one -> one != '', arraySort(groupUniqArray(e.service))), 1, 10) AS services,
    arrayFilter(one -> one != '', arraySort(groupUniqArray(e.app_protocol))) AS app_protocols,
    worst_first[indexOf(arrayMap(n -> n > 0, [plaintext, weak, opaque, strong, unknown, exempt]), true)] AS verdict,
    uniqExact(e.client_ip) AS clients,
    uniqExactIf(e.client_ip, e.plaintext > 0) AS clients_in_clear,
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
WHERE {is_first:Bool} OR (e.server_ip, e.server_port) > (toIPv6({after_server_ip:String}), {after_server_port:UInt16})
GROUP BY e.server_ip, e.server_port
HAVING empty({verdicts:Array(String)}) OR has({verdicts:Array(String)}, verdict)
ORDER BY e.server_ip, e.server_port
LIMIT {limit:UInt32}
