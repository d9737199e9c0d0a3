-- Up Migration

-- These tables stand in every domain's own schema, so that a domain can move to a database of its own with all it needs.

-- The append-only log of the durable events that this domain publishes. Nothing is ever updated here.
CREATE TABLE event_log (
  topic      text        NOT NULL,
  shard      smallint    NOT NULL,
  position   bigint      NOT NULL CHECK (position > 0),
  event_id   text        NOT NULL,
  subject    text        NOT NULL,
  dataschema text        NOT NULL,
  time       timestamptz NOT NULL,
  data       jsonb       NOT NULL,
  PRIMARY KEY (topic, shard, position)
);

-- The next free position of each shard. Its row lock, taken last before COMMIT, makes positions gapless and their order the commit order.
CREATE TABLE event_log_head (
  topic         text     NOT NULL,
  shard         smallint NOT NULL,
  next_position bigint   NOT NULL DEFAULT 1,
  PRIMARY KEY (topic, shard)
) WITH (fillfactor = 20, autovacuum_vacuum_threshold = 200, autovacuum_vacuum_scale_factor = 0);

-- How far each subscriber of this domain has come in a publisher's log. Advanced in the transaction of the effect.
CREATE TABLE event_cursor (
  subscriber text     NOT NULL,
  topic      text     NOT NULL,
  source     text     NOT NULL,
  shard      smallint NOT NULL,
  position   bigint   NOT NULL DEFAULT 0,
  PRIMARY KEY (subscriber, topic, source, shard)
) WITH (fillfactor = 20, autovacuum_vacuum_threshold = 200, autovacuum_vacuum_scale_factor = 0);

-- What this domain did for a saga: its recorded answer, or the tombstone of a compensation that came first.
CREATE TABLE saga_step (
  step    text   NOT NULL,
  saga_id bigint NOT NULL,
  state   text   NOT NULL CHECK (state IN ('CLAIMED', 'DONE', 'REFUSED', 'UNDONE')),
  record  jsonb,
  PRIMARY KEY (step, saga_id)
) WITH (fillfactor = 80);

-- Down Migration

DROP TABLE saga_step;
DROP TABLE event_cursor;
DROP TABLE event_log_head;
DROP TABLE event_log;
