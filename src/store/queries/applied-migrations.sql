-- The migrations this database has had, in order.
SELECT version, name, checksum
FROM schema_migrations FINAL
ORDER BY version
