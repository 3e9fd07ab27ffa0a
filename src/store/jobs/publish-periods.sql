-- From now on this generation holds for these periods.
INSERT INTO rollup_generations (resolution, period, generation)
SELECT {resolution:String}, arrayJoin(arrayMap(one -> toDateTime64(one, 0, 'UTC'), {periods:Array(Int64)})), {generation:UInt64}
