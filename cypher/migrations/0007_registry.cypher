// The registry of names that data came under, and what people say of them.
CREATE CONSTRAINT attribute_name IF NOT EXISTS FOR (a:Attribute) REQUIRE a.name IS UNIQUE;
CREATE CONSTRAINT event_type_name IF NOT EXISTS FOR (e:EventType) REQUIRE e.name IS UNIQUE;
CREATE CONSTRAINT event_property_name IF NOT EXISTS FOR (p:EventProperty) REQUIRE (p.event, p.name) IS UNIQUE;
// Names that do not take every value; only those have one.
CREATE INDEX attribute_on_conflict IF NOT EXISTS FOR (a:Attribute) ON (a.on_conflict);
CREATE INDEX event_property_on_conflict IF NOT EXISTS FOR (p:EventProperty) ON (p.on_conflict);
