-- Flows that were open when their worker died: what they were is not known. The row of that interval has state gone.
ALTER TABLE sensor_health
    ADD COLUMN IF NOT EXISTS flows_lost UInt64 CODEC(T64, ZSTD(1)) AFTER sessions_evicted;
