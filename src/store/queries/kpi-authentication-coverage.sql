-- Edges of which a flow shows who the client is (mTLS, SSH, IPsec, WireGuard, or a mechanism of its protocol) / edges that show that or
-- do not. Unobservable: edges of which a flow may hide it inside encryption.
SELECT
    uniqCombined64MergeIf(14)(edges, auth = 'shown') AS numerator,
    numerator + uniqCombined64Merge(14)(edges) - uniqCombined64MergeIf(14)(edges, auth IN ('shown', 'hidden')) AS denominator,
    uniqCombined64MergeIf(14)(edges, auth IN ('shown', 'hidden')) - numerator AS unobservable,
    numerator / nullIf(denominator, 0) AS point,
    numerator / nullIf(denominator + unobservable, 0) AS low,
    (numerator + unobservable) / nullIf(denominator + unobservable, 0) AS high,
    'share' AS unit
FROM kpi_rows(
    from = {from:DateTime64(6, 'UTC')}, to = {to:DateTime64(6, 'UTC')}, zones = {zones:Array(String)},
    services = {services:Array(String)}, sensors = {sensors:Array(String)}, protocols = {protocols:Array(String)},
    packs = {packs:Array(String)}
)
WHERE verdict != 'exempt'
