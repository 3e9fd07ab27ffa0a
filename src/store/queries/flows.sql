-- Flows that overlap [from, to], oldest first: those after the flow with that first_seen and flow_id. An empty list asks for
-- nothing; names of servers are in small letters, a suffix begins with its dot. Times are RFC 3339, ids are hexadecimal,
-- IPv4 addresses are as such.
SELECT
    lower(hex(flows.flow_id)) AS flow_id,
    formatDateTime(flows.first_seen, '%Y-%m-%dT%H:%i:%S.%fZ', 'UTC') AS first_seen,
    formatDateTime(flows.last_seen, '%Y-%m-%dT%H:%i:%S.%fZ', 'UTC') AS last_seen,
    replaceRegexpOne(toString(flows.client_ip), '^::ffff:([0-9.]+)$', '\\1') AS client_ip,
    replaceRegexpOne(toString(flows.server_ip), '^::ffff:([0-9.]+)$', '\\1') AS server_ip,
    flows.* EXCEPT (flow_id, first_seen, last_seen, client_ip, server_ip, client_hello_hash, stored_at),
    flows.community_id AS community_id
FROM flows FINAL
WHERE flows.first_seen <= {to:DateTime64(6, 'UTC')} AND flows.last_seen >= {from:DateTime64(6, 'UTC')}
    AND flows.first_seen >= {after_first_seen:DateTime64(6, 'UTC')}
    AND (
        flows.first_seen > {after_first_seen:DateTime64(6, 'UTC')}
        OR flows.flow_id > toFixedString(unhex({after_flow_id:String}), 16)
    )
    AND (empty({verdicts:Array(String)}) OR has({verdicts:Array(String)}, toString(verdict)))
    AND (empty({app_protocols:Array(String)}) OR has({app_protocols:Array(String)}, ifNull(app_protocol, 'none')))
    AND (
        empty({server_ips:Array(String)})
        OR has(arrayMap(ip -> toIPv6(ip), {server_ips:Array(String)}), flows.server_ip)
    )
    AND (empty({server_ports:Array(UInt16)}) OR has({server_ports:Array(UInt16)}, server_port))
    AND (empty({sensors:Array(String)}) OR has({sensors:Array(String)}, sensor))
    AND (
        (empty({server_names:Array(String)}) AND empty({server_name_suffixes:Array(String)}))
        OR has({server_names:Array(String)}, lower(ifNull(server_name, '')))
        OR arrayExists(
            suffix -> endsWith(lower(ifNull(server_name, '')), suffix),
            {server_name_suffixes:Array(String)}
        )
    )
ORDER BY flows.first_seen, flows.flow_id
LIMIT {limit:UInt32}
