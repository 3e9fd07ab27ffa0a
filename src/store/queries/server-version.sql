-- The version of the ClickHouse that answers: shows that it is one, and that the login and the database are good.
SELECT version() AS version
