-- The columns of a flow and their types, in the order of the table.
SELECT name, type
FROM system.columns
WHERE database = currentDatabase() AND table = 'flows'
ORDER BY position
