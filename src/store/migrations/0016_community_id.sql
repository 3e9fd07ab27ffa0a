-- Community ID v1, seed 0, of a flow (github.com/corelight/community-id-spec): its name in Zeek, Suricata and others. Computed
-- when it is asked for, and kept nowhere; NULL for ICMP, which is named by type and code. Numbers of transports as record/line.ts
-- has them.
ALTER TABLE flows
    ADD COLUMN IF NOT EXISTS community_id Nullable(String) ALIAS if(
        transport IN ('icmp', 'icmpv6'),
        NULL,
        arrayElement(
            arrayMap(
                (a, b, p, q, number) -> concat('1:', base64Encode(SHA1(concat(
                    char(0, 0),
                    if((a, p) > (b, q), concat(b, a), concat(a, b)),
                    char(number, 0),
                    multiIf(
                        number NOT IN (6, 17, 132), '',
                        (a, p) > (b, q), char(intDiv(q, 256), q % 256, intDiv(p, 256), p % 256),
                        char(intDiv(p, 256), p % 256, intDiv(q, 256), q % 256)
                    )
                )))),
                [substring(IPv6StringToNum(toString(client_ip)), if(toString(client_ip) LIKE '::ffff:%.%', 13, 1))],
                [substring(IPv6StringToNum(toString(server_ip)), if(toString(server_ip) LIKE '::ffff:%.%', 13, 1))],
                [toUInt32(client_port)],
                [toUInt32(server_port)],
                [if(
                    startsWith(transport, 'proto-'),
                    toUInt8OrZero(substring(transport, 7)),
                    transform(
                        toString(transport),
                        [
                            'icmp', 'igmp', 'tcp', 'udp', 'dccp', 'gre', 'esp', 'ah', 'icmpv6', 'ipv6-nonxt', 'eigrp',
                            'ospf', 'etherip', 'pim', 'vrrp', 'l2tp', 'sctp', 'mobility', 'udplite', 'hip', 'shim6'
                        ],
                        [1, 2, 6, 17, 33, 47, 50, 51, 58, 59, 88, 89, 97, 103, 112, 115, 132, 135, 136, 139, 140],
                        0
                    )
                )]
            ),
            1
        )
    );
