// What was done to a tag or segment; `of` is its id.
CREATE CONSTRAINT maintenance_record IF NOT EXISTS FOR (r:MaintenanceRecord) REQUIRE (r.of, r.number) IS UNIQUE;
CREATE INDEX maintenance_at IF NOT EXISTS FOR (r:MaintenanceRecord) ON (r.at);
// How many tags and segments there were on each day.
CREATE CONSTRAINT overview_day IF NOT EXISTS FOR (d:OverviewDay) REQUIRE d.day IS UNIQUE;
