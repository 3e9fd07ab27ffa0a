-- The store's clock, in microseconds since 1970.
SELECT toUnixTimestamp64Micro(now64(6)) AS now_us
