-- Endpoints that a probe may ask: TCP services that answered a client in [from, to], by TLS or by a protocol that can be
-- upgraded to it, under each name that a client asked for. An endpoint that never answered is none: clients that scan reach for
-- anything. protocol: 'tls', or the protocol whose upgrade is to be asked for; the latest that was seen.
-- Those probed after {not_since}, under the same name, are left out. {limit} of them, those with the most flows first.
SELECT
    replaceRegexpOne(toString(f.server_ip), '^::ffff:([0-9.]+)$', '\\1') AS server_ip,
    f.server_port AS server_port,
    ifNull(f.server_name, '') AS server_name,
    argMax(
        if(
            app_protocol IN ('smtp', 'imap', 'pop3', 'ftp', 'ldap', 'xmpp', 'postgresql', 'mysql')
                AND (upgrade IS NOT NULL OR tls_version IS NULL),
            assumeNotNull(app_protocol),
            'tls'
        ),
        first_seen
    ) AS protocol,
    count() AS flow_count
FROM flows AS f FINAL
WHERE first_seen <= {to:DateTime64(6, 'UTC')} AND last_seen >= {from:DateTime64(6, 'UTC')}
    AND transport = 'tcp' AND visibility = 'both' AND packets_server > 0
    AND (
        tls_version IS NOT NULL
        OR app_protocol IN ('smtp', 'imap', 'pop3', 'ftp', 'ldap', 'xmpp', 'postgresql', 'mysql')
    )
    AND (f.server_ip, f.server_port, ifNull(f.server_name, '')) NOT IN (
        SELECT server_ip, server_port, server_name FROM probes WHERE probed_at > {not_since:DateTime64(6, 'UTC')}
    )
GROUP BY f.server_ip, f.server_port, f.server_name
ORDER BY flow_count DESC, server_ip, server_port, server_name
LIMIT {limit:UInt32}
