-- Services (server address, server port, protocol) and how their flows that overlap [from, to] were judged, in the order of
-- those three: those after the one named. An empty list asks for nothing, as in flows.sql. `verdict` is the worst of its flows,
-- exempt only when all are; `clients` counts addresses; server_name and http_host are one of those seen.
WITH ['plaintext', 'weak', 'opaque', 'strong', 'unknown', 'exempt'] AS worst_first
SELECT
    replaceRegexpOne(toString(flows.server_ip), '^::ffff:([0-9.]+)$', '\\1') AS server_ip,
    server_port,
    app_protocol,
    any(server_name) AS server_name,
    any(http_host) AS http_host,
    worst_first[min(indexOf(worst_first, toString(flows.verdict)))] AS verdict,
    count() AS flows,
    sum(bytes_client + bytes_server) AS bytes,
    uniqExact(client_ip) AS clients,
    countIf(flows.verdict = 'plaintext') AS plaintext,
    countIf(flows.verdict = 'weak') AS weak,
    countIf(flows.verdict = 'strong') AS strong,
    countIf(flows.verdict = 'opaque') AS opaque,
    countIf(flows.verdict = 'unknown') AS unknown,
    countIf(flows.verdict = 'exempt') AS exempt,
    arraySort(groupUniqArrayArray(credentials_exposed)) AS credentials,
    arraySort(groupUniqArrayArray(flows.violations)) AS violations,
    formatDateTime(min(flows.first_seen), '%Y-%m-%dT%H:%i:%S.%fZ', 'UTC') AS first_seen,
    formatDateTime(max(flows.last_seen), '%Y-%m-%dT%H:%i:%S.%fZ', 'UTC') AS last_seen
FROM flows FINAL
WHERE flows.first_seen <= {to:DateTime64(6, 'UTC')} AND flows.last_seen >= {from:DateTime64(6, 'UTC')}
    AND (
        {is_first:Bool}
        OR (flows.server_ip, server_port, ifNull(app_protocol, ''))
            > (toIPv6({after_server_ip:String}), {after_server_port:UInt16}, {after_app_protocol:String})
    )
    AND (empty({verdicts:Array(String)}) OR has({verdicts:Array(String)}, toString(flows.verdict)))
    AND (empty({app_protocols:Array(String)}) OR has({app_protocols:Array(String)}, ifNull(app_protocol, 'none')))
    AND (
        empty({server_ips:Array(String)})
        OR has(arrayMap(ip -> toIPv6(ip), {server_ips:Array(String)}), flows.server_ip)
    )
    AND (empty({server_ports:Array(UInt16)}) OR has({server_ports:Array(UInt16)}, server_port))
    AND (empty({sensors:Array(String)}) OR has({sensors:Array(String)}, sensor))
    AND (
        (empty({server_names:Array(String)}) AND empty({server_name_suffixes:Array(String)}))
        OR has({server_names:Array(String)}, lower(ifNull(flows.server_name, '')))
        OR arrayExists(
            suffix -> endsWith(lower(ifNull(flows.server_name, '')), suffix),
            {server_name_suffixes:Array(String)}
        )
    )
GROUP BY flows.server_ip, server_port, app_protocol
ORDER BY flows.server_ip, server_port, ifNull(app_protocol, '')
LIMIT {limit:UInt32}
