-- Names of networks. The latest revision holds; it is written whole. vni: -1 = whatever the network. A revision without
-- zones is one row without a name.
CREATE TABLE IF NOT EXISTS zones
(
    revision UInt64,
    name LowCardinality(String),
    cidr String,
    vni Int64 DEFAULT -1,
    prefix UInt8 MATERIALIZED toUInt8OrZero(splitByChar('/', cidr)[2]) + if(position(cidr, ':') = 0, 96, 0),
    low IPv6 MATERIALIZED IPv6CIDRToRange(toIPv6OrDefault(splitByChar('/', cidr)[1]), prefix).1,
    high IPv6 MATERIALIZED IPv6CIDRToRange(toIPv6OrDefault(splitByChar('/', cidr)[1]), prefix).2
)
ENGINE = ReplacingMergeTree
ORDER BY (revision, name, cidr, vni);

-- All ranges, the one that holds first: those of a VNI, then the narrower. What nobody named is internal where the address
-- is not for the internet (RFC 1918, RFC 3927, RFC 4193, RFC 4291, RFC 6598, RFC 1112), and external elsewhere.
CREATE VIEW IF NOT EXISTS zone_ranges AS
SELECT name, vni, low, high
FROM
(
    SELECT name, vni, low, high, prefix, false AS is_default
    FROM zones FINAL
    WHERE revision = (SELECT max(revision) FROM zones) AND name != ''
    UNION ALL
    SELECT
        if(net.2 = 0, 'external', 'internal') AS name,
        toInt64(-1) AS vni,
        IPv6CIDRToRange(toIPv6(net.1), net.2).1 AS low,
        IPv6CIDRToRange(toIPv6(net.1), net.2).2 AS high,
        net.2 AS prefix,
        true AS is_default
    FROM
    (
        SELECT arrayJoin([
            ('::ffff:10.0.0.0', 104), ('::ffff:172.16.0.0', 108), ('::ffff:192.168.0.0', 112),
            ('::ffff:100.64.0.0', 106), ('::ffff:169.254.0.0', 112), ('::ffff:127.0.0.0', 104),
            ('::ffff:224.0.0.0', 100), ('::ffff:255.255.255.255', 128), ('::ffff:0.0.0.0', 128),
            ('fc00::', 7), ('fe80::', 10), ('ff00::', 8), ('::', 127), ('::', 0)
        ]) AS net
    )
)
ORDER BY is_default, vni = -1, prefix DESC, name;
