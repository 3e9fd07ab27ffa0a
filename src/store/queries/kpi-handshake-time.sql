-- Median of the time from a ClientHello to the end of what is in the clear of its handshake, within 1 %; denominator: handshakes whose
-- times the sketch has. Unobservable: the other flows of TLS, also those that were rolled up before there was a sketch, and are gone.
SELECT
    NULL AS numerator,
    sum(handshakes_sketched) AS denominator,
    greatest(sum(tls_flows), sum(handshakes_timed)) - denominator AS unobservable,
    -- The middle of the bucket in which the quantile is: 0027 says what a bucket is.
    if(
        denominator = 0,
        NULL,
        arrayMap(
            one -> if(one = 0, 0, 0.99 * pow(1.01 / 0.99, one - 1)),
            quantilesExactWeightedArray(0.5, 0.95)(handshake_buckets, handshake_counts)
        )[1] / 1000000
    ) AS point,
    NULL AS low,
    NULL AS high,
    'seconds' AS unit
FROM kpi_rows(
    from = {from:DateTime64(6, 'UTC')}, to = {to:DateTime64(6, 'UTC')}, zones = {zones:Array(String)},
    services = {services:Array(String)}, sensors = {sensors:Array(String)}, protocols = {protocols:Array(String)},
    packs = {packs:Array(String)}
)
WHERE verdict != 'exempt'
