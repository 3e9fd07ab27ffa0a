-- The cluster over which the tables of this database are spread; no row = they are those of one server.
SELECT
    extract(engine_full, 'Distributed\\(\'((?:[^\'\\\\]|\\\\.)*)\'') AS name,
    extract(engine_full, 'Distributed\\(\'[^,]*\', *\'([^\']*)\'') AS database,
    (
        SELECT toBool(countIf(startsWith(engine, 'Replicated')))
        FROM system.tables
        WHERE database = currentDatabase() AND name = 'schema_migrations'
    ) AS replicated
FROM system.tables AS t
WHERE t.database = currentDatabase() AND t.name = 'flows' AND t.engine = 'Distributed'
