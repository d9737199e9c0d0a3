-- Up Migration

-- The log is cut into epochs, a partition each, so that old events go away with their partition. An epoch begins under the locks of
-- all heads, so of every topic and shard it holds one run of positions. See docs/adr/0013.
CREATE TABLE event_log_epoch (
  epoch      integer     PRIMARY KEY,
  made_at    timestamptz NOT NULL DEFAULT now(),
  -- Null: its partition is there ahead of need.
  began_at   timestamptz,
  -- From then on its events count as gone, and its partition may go at any time.
  retired_at timestamptz
);

-- Where each topic and shard stood when an epoch began. The first that is not retired tells the floor: the first position that is kept.
CREATE TABLE event_log_epoch_start (
  topic          text     NOT NULL,
  shard          smallint NOT NULL,
  epoch          integer  NOT NULL REFERENCES event_log_epoch,
  first_position bigint   NOT NULL CHECK (first_position > 0),
  PRIMARY KEY (topic, shard, epoch)
);

CREATE VIEW event_log_floor AS
SELECT DISTINCT ON (topic, shard) topic, shard, first_position
FROM event_log_epoch_start JOIN event_log_epoch USING (epoch)
WHERE retired_at IS NULL
ORDER BY topic, shard, epoch;

ALTER TABLE event_log_head ADD COLUMN epoch integer NOT NULL DEFAULT 0;

-- What was the log becomes its first partition, and keeps every event.
ALTER TABLE event_log RENAME TO event_log_0;
ALTER TABLE event_log_0 DROP CONSTRAINT event_log_pkey;
ALTER TABLE event_log_0 ADD COLUMN epoch integer NOT NULL DEFAULT 0;
ALTER TABLE event_log_0 ADD PRIMARY KEY (topic, shard, position, epoch);
CREATE TABLE event_log (
  LIKE event_log_0 INCLUDING DEFAULTS,
  CONSTRAINT event_log_position_check CHECK (position > 0),
  PRIMARY KEY (topic, shard, position, epoch)
) PARTITION BY LIST (epoch);
ALTER TABLE event_log ATTACH PARTITION event_log_0 FOR VALUES IN (0);

INSERT INTO event_log_epoch (epoch, began_at) VALUES (0, now());
INSERT INTO event_log_epoch_start (topic, shard, epoch, first_position) SELECT topic, shard, 0, 1 FROM event_log_head;

-- Down Migration

DROP VIEW event_log_floor;
CREATE TABLE event_log_whole (LIKE event_log INCLUDING CONSTRAINTS, PRIMARY KEY (topic, shard, position));
INSERT INTO event_log_whole SELECT * FROM event_log;
DROP TABLE event_log;
ALTER TABLE event_log_whole DROP COLUMN epoch;
ALTER TABLE event_log_whole RENAME TO event_log;
ALTER TABLE event_log RENAME CONSTRAINT event_log_whole_pkey TO event_log_pkey;
ALTER TABLE event_log_head DROP COLUMN epoch;
DROP TABLE event_log_epoch_start;
DROP TABLE event_log_epoch;
