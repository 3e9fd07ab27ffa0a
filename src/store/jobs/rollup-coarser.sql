-- Adds rows up to those of the next coarser resolution: minutes to hours, hours to days, days to months; each finer period as
-- its latest generation has it. {periods} are the ones to make, in seconds since 1970; {from} and {to} enclose them.
-- Of the rows that every question about times of handshakes takes or leaves together, one carries the buckets of all.
INSERT INTO rollups (
    resolution, period, bucket, generation, by_service, sensor, policy, failed_packs, client_zone, server_zone, service,
    app_protocol, transport, verdict, tls_version, kx, mtls, auth, flows, bytes, tls_flows, hellos, resumption_known,
    resumed, hello_retries, alpn_known, alpn_multiplexed, full_handshakes, chains, chains_short, leaves_known, leaves_ec,
    ech_offered, ech_accepted, mtls_refused, http_requests, http_sigv4, tls_named, tls_to_aws, bearers, bearers_accepted,
    bearers_refused, auth_attempts, auth_successes, auth_failures, handshakes_timed, handshake_us,
    handshakes_beside_rtt, handshake_us_beside_rtt, rtt_us, handshakes_sketched, handshake_buckets, handshake_counts, edges
)
SELECT
    * EXCEPT (sketch, edges, is_carrier, all_of_them),
    if(is_carrier, all_of_them.1, []) AS handshake_buckets,
    if(is_carrier, all_of_them.2, []) AS handshake_counts,
    edges
FROM
(
    SELECT
        *,
        row_number() OVER alike = 1 AS is_carrier,
        sumMap(sketch.1, sketch.2) OVER alike AS all_of_them
    FROM
    (
        SELECT
            {coarser:String} AS resolution,
            multiIf(
                {coarser:String} = 'hour', r.period,
                {coarser:String} = 'day', toDateTime64(intDiv(toUnixTimestamp64Second(r.period), 86400) * 86400, 0, 'UTC'),
                makeDateTime64(toYear(r.period), toMonth(r.period), 1, 0, 0, 0, 0, 0, 'UTC')
            ) AS period,
            -- 0029 and 0030 say why.
            if(
                {coarser:String} = 'month',
                addDays(makeDateTime64(toYear(period), if(by_service, 2, 1), 1, 0, 0, 0, 0, 0, 'UTC'), toMonth(period) - 1),
                period
            ) AS bucket,
            {generation:UInt64} AS generation,
            by_service,
            sensor,
            policy,
            failed_packs,
            client_zone,
            server_zone,
            service,
            app_protocol,
            transport,
            verdict,
            tls_version,
            kx,
            mtls,
            auth,
            sum(r.flows) AS flows,
            sum(r.bytes) AS bytes,
            sum(r.tls_flows) AS tls_flows,
            sum(r.hellos) AS hellos,
            sum(r.resumption_known) AS resumption_known,
            sum(r.resumed) AS resumed,
            sum(r.hello_retries) AS hello_retries,
            sum(r.alpn_known) AS alpn_known,
            sum(r.alpn_multiplexed) AS alpn_multiplexed,
            sum(r.full_handshakes) AS full_handshakes,
            sum(r.chains) AS chains,
            sum(r.chains_short) AS chains_short,
            sum(r.leaves_known) AS leaves_known,
            sum(r.leaves_ec) AS leaves_ec,
            sum(r.ech_offered) AS ech_offered,
            sum(r.ech_accepted) AS ech_accepted,
            sum(r.mtls_refused) AS mtls_refused,
            sum(r.http_requests) AS http_requests,
            sum(r.http_sigv4) AS http_sigv4,
            sum(r.tls_named) AS tls_named,
            sum(r.tls_to_aws) AS tls_to_aws,
            sum(r.bearers) AS bearers,
            sum(r.bearers_accepted) AS bearers_accepted,
            sum(r.bearers_refused) AS bearers_refused,
            sum(r.auth_attempts) AS auth_attempts,
            sum(r.auth_successes) AS auth_successes,
            sum(r.auth_failures) AS auth_failures,
            sum(r.handshakes_timed) AS handshakes_timed,
            sum(r.handshake_us) AS handshake_us,
            sum(r.handshakes_beside_rtt) AS handshakes_beside_rtt,
            sum(r.handshake_us_beside_rtt) AS handshake_us_beside_rtt,
            sum(r.rtt_us) AS rtt_us,
            sum(r.handshakes_sketched) AS handshakes_sketched,
            sumMap(r.handshake_buckets, r.handshake_counts) AS sketch,
            uniqCombined64MergeState(14)(r.edges) AS edges
        FROM rollups AS r
        WHERE r.resolution = {finer:String} AND r.bucket >= {from:DateTime64(6, 'UTC')} AND r.bucket < {to:DateTime64(6, 'UTC')}
            AND toUnixTimestamp64Second(period) IN (SELECT arrayJoin({periods:Array(Int64)}))
            AND (r.period, r.generation) IN (
                SELECT period, max(generation)
                FROM rollup_generations
                WHERE resolution = {finer:String} AND period >= {from:DateTime64(6, 'UTC')} AND period < {to:DateTime64(6, 'UTC')}
                GROUP BY period
            )
        GROUP BY
            period, by_service, sensor, policy, failed_packs, client_zone, server_zone, service, app_protocol, transport, verdict,
            tls_version, kx, mtls, auth
    )
    WINDOW alike AS (
        PARTITION BY period, by_service, sensor, policy, client_zone, server_zone, service, app_protocol, verdict = 'exempt'
        ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING
    )
)
