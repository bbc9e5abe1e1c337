-- How far the live customers were changed since their snapshot: 0 for not at all.
ALTER TABLE holding ADD COLUMN revision INTEGER NOT NULL DEFAULT 0;
