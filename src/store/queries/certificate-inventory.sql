-- Imported certificates beside those that were seen. state: 'in_use' = imported and shown by somebody; 'unused' = imported and
-- never seen; 'unknown' = shown by a server or client as its own, and in no inventory. An inventory that has a certificate is
-- matched by its SHA-256, one without by serial number, else by names and end. provenance: of what is told, 'imported'; of what is in no
-- inventory, 'observed' where traffic showed it, else 'probed'. authority_status and what follows: of authorities. Those after the one with that state, source and
-- row_id; at most {limit}. {states}, {sources}: an empty list takes all.
WITH
    seen AS
    (
        SELECT
            c.fingerprint_sha256 AS fingerprint,
            ifNull(c.serial_number, '') AS serial,
            c.subject AS subject,
            arraySort(arrayDistinct(arrayMap(one -> lower(one), c.subject_alt_names))) AS names,
            c.not_after AS ends,
            s.least_position AS least_position,
            s.last_shown_at AS last_shown_at,
            s.provenance_word AS provenance_word
        FROM
        (
            SELECT fingerprint_sha256, min(position) AS least_position, max(last_seen) AS last_shown_at, toString(min(provenance)) AS provenance_word
            FROM certificate_sightings
            GROUP BY fingerprint_sha256
        ) AS s
        INNER JOIN (SELECT * FROM certificates FINAL) AS c ON c.fingerprint_sha256 = s.fingerprint_sha256
    ),
    imported AS
    (
        SELECT
            *,
            arraySort(arrayDistinct(arrayMap(one -> lower(one), subject_alt_names))) AS names,
            multiIf(
                fingerprint_sha256 != '', concat('sha256 ', fingerprint_sha256),
                serial_number != '', concat('serial ', serial_number),
                notEmpty(names), concat('names ', arrayStringConcat(names, ','), ' ', ifNull(toString(not_after), '')),
                ''
            ) AS match_key
        FROM certificate_imports FINAL
    ),
    keys AS
    (
        SELECT
            arrayJoin([
                concat('sha256 ', fingerprint),
                concat('serial ', serial),
                concat('names ', arrayStringConcat(names, ','), ' ', ifNull(toString(ends), ''))
            ]) AS match_key,
            max(fingerprint) AS of_fingerprint,
            max(last_shown_at) AS shown_at
        FROM seen
        GROUP BY match_key
    )
SELECT
    *,
    lower(hex(SHA256(arrayStringConcat([source, item, fingerprint_sha256, serial_number], '\n')))) AS row_id
FROM
(
    SELECT
        if(k.match_key = '', 'unused', 'in_use') AS state,
        toString(i.source) AS source,
        i.item AS item,
        if(k.match_key = '', i.fingerprint_sha256, k.of_fingerprint) AS fingerprint_sha256,
        i.serial_number AS serial_number,
        i.subject AS subject,
        i.names AS subject_alt_names,
        formatDateTime(i.not_after, '%Y-%m-%dT%H:%i:%SZ', 'UTC') AS not_after,
        if(k.match_key = '', NULL, formatDateTime(k.shown_at, '%Y-%m-%dT%H:%i:%S.%fZ', 'UTC')) AS last_seen,
        i.automated AS automated,
        CAST(i.authority AS Nullable(String)) AS authority,
        CAST(i.authority_status AS Nullable(String)) AS authority_status,
        CAST(i.key_algorithm AS Nullable(String)) AS key_algorithm,
        CAST(i.usage_mode AS Nullable(String)) AS usage_mode,
        i.revokes_by_ocsp AS revokes_by_ocsp,
        i.revokes_by_crl AS revokes_by_crl,
        toString(i.provenance) AS provenance
    FROM imported AS i
    LEFT JOIN keys AS k ON k.match_key = i.match_key
    UNION ALL
    SELECT
        'unknown', '', '', fingerprint, serial, subject, names,
        formatDateTime(ends, '%Y-%m-%dT%H:%i:%SZ', 'UTC'),
        formatDateTime(last_shown_at, '%Y-%m-%dT%H:%i:%S.%fZ', 'UTC'),
        NULL, NULL, NULL, NULL, NULL, NULL, NULL,
        provenance_word
    FROM seen
    WHERE least_position = 0
        AND concat('sha256 ', fingerprint) NOT IN (SELECT match_key FROM imported)
        AND concat('serial ', serial) NOT IN (SELECT match_key FROM imported)
        AND concat('names ', arrayStringConcat(names, ','), ' ', ifNull(toString(ends), '')) NOT IN
            (SELECT match_key FROM imported)
)
WHERE (state, source, row_id) > ({after_state:String}, {after_source:String}, {after_id:String})
    AND (empty({states:Array(String)}) OR has({states:Array(String)}, state))
    AND (empty({sources:Array(String)}) OR has({sources:Array(String)}, source))
ORDER BY state, source, row_id
LIMIT {limit:UInt32}
