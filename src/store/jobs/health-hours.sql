-- Adds up what sensors lost in some hours.
INSERT INTO health_hours (hour, generation, sensor, dropped, received)
SELECT
    toDateTime64(intDiv(toUnixTimestamp64Micro(window_start), 3600000000) * 3600, 0, 'UTC') AS hour,
    {generation:UInt64},
    sensor,
    sum(kernel_drops + interface_drops),
    sum(frames_received)
FROM sensor_health FINAL
WHERE window_start >= {from:DateTime64(6, 'UTC')} AND window_start < {to:DateTime64(6, 'UTC')}
    AND intDiv(toUnixTimestamp64Micro(window_start), 3600000000) IN (SELECT arrayJoin({hours:Array(Int64)}))
GROUP BY hour, sensor
