-- Statements that make the tables and views of this database as they are, tables first. Without the database's name; they may run twice.
-- The engine takes numbers in LowCardinality for a mistake: migrations/0023_narrow_columns.sql says why they are none.
WITH
    currentDatabase() AS here,
    replaceAll(replaceAll(create_table_query, '`' || here || '`.', ''), here || '.', '') AS bare,
    replaceRegexpOne(formatQuery(bare), '^CREATE ([A-Z ]+) ', 'CREATE \\1 IF NOT EXISTS ') AS made,
    match(made, '^CREATE TABLE [^;]*LowCardinality\\((Nullable\\()?U?Int') AS has_numbered_words
SELECT name, made || if(has_numbered_words, ', allow_suspicious_low_cardinality_types = 1', '') AS statement
FROM system.tables
WHERE database = here
ORDER BY engine LIKE '%View', name
