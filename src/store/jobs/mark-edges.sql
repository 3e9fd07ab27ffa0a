-- Flows of these hours whose insert began before as_of are in edge_days.
INSERT INTO rollup_marks (hour, edges_done_at)
SELECT arrayJoin(arrayMap(one -> toDateTime64(one * 3600, 0, 'UTC'), {hours:Array(Int64)})), {as_of:DateTime64(6, 'UTC')}
