-- The zones that hold, as they were named; vni -1 = whatever the network.
SELECT name, cidr, vni
FROM zones FINAL
WHERE revision = (SELECT max(revision) FROM zones) AND name != ''
ORDER BY name, cidr, vni
