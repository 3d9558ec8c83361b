// Which names are personal is asked for every few seconds.
CREATE INDEX attribute_pii IF NOT EXISTS FOR (a:Attribute) ON (a.pii);
CREATE INDEX event_property_pii IF NOT EXISTS FOR (p:EventProperty) ON (p.pii);
CREATE INDEX property_name IF NOT EXISTS FOR (p:EventProperty) ON (p.name);
