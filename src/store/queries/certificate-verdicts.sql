-- What was judged by {basis} of the chains that the certificates after {after} and up to {last} lead: the faults of all places, the
-- rules that warn, and who vouches by the latest. {provenances}: only chains known so; an empty list takes all.
WITH places AS
(
    SELECT
        leaf,
        argMax(faults, last_shown) AS found,
        argMax(tolerated, last_shown) AS warned,
        argMax(anchor, last_shown) AS vouching,
        argMax(revocation, last_shown) AS revoked,
        argMax(revocation_from, last_shown) AS said_by,
        argMax(path, last_shown) AS fingerprints,
        argMax(path_names, last_shown) AS names,
        argMax(path_from, last_shown) AS origins,
        max(last_shown) AS shown
    FROM certificate_judgements FINAL
    WHERE leaf > {after:String} AND leaf <= {last:String} AND basis = {basis:String}
        AND (empty({provenances:Array(String)}) OR has({provenances:Array(String)}, toString(provenance)))
    GROUP BY leaf, role, server_ip, server_port, server_name, provenance
)
SELECT
    leaf,
    arraySort(groupUniqArrayArray(found)) AS faults,
    arraySort(groupUniqArrayArray(warned)) AS tolerated,
    toString(argMax(vouching, shown)) AS anchor,
    nullIf(toString(argMax(revoked, shown)), 'unknown') AS revocation,
    nullIf(toString(argMax(said_by, shown)), 'none') AS revocation_from,
    argMax(fingerprints, shown) AS path,
    argMax(names, shown) AS path_names,
    arrayMap(one -> toString(one), argMax(origins, shown)) AS path_from
FROM places
GROUP BY leaf
ORDER BY leaf
