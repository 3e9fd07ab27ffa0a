-- When these certificates were last shown with a stapled response, in each place where they were, in traffic or to a probe.
SELECT
    leaf,
    toString(server_ip) AS server_ip,
    server_port,
    asked_for,
    formatDateTime(max(shown_at), '%Y-%m-%dT%H:%i:%S.%fZ', 'UTC') AS last_stapled
FROM
(
    SELECT
        server_certificates[1] AS leaf, server_ip, server_port, ifNull(server_name, '') AS asked_for, first_seen AS shown_at
    FROM flows FINAL
    WHERE ocsp_staple AND has({fingerprints:Array(String)}, server_certificates[1])
    UNION ALL
    SELECT server_certificates[1], server_ip, server_port, server_name, probed_at
    FROM probes FINAL
    WHERE is_stapled AND has({fingerprints:Array(String)}, server_certificates[1])
)
GROUP BY leaf, server_ip, server_port, asked_for
ORDER BY leaf, server_ip, server_port, asked_for
