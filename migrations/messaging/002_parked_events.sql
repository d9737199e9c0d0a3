-- Up Migration

-- Events that a subscriber of this domain could not handle, and the later events of the same key, which wait behind them.
-- The cursor has passed them all; a row goes away in the transaction of its effect.
CREATE TABLE event_parked (
  parked_id       bigint      GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  subscriber      text        NOT NULL,
  topic           text        NOT NULL,
  source          text        NOT NULL,
  shard           smallint    NOT NULL,
  position        bigint      NOT NULL CHECK (position > 0),
  event_id        text        NOT NULL,
  subject         text        NOT NULL,
  -- The whole event, so that it can be handled when the log has dropped it.
  event           jsonb       NOT NULL,
  never_gives_up  boolean     NOT NULL,
  state           text        NOT NULL DEFAULT 'WAITING' CHECK (state IN ('WAITING', 'DEAD')),
  -- Failures since it was parked, or since an operator's last retry.
  attempts        integer     NOT NULL CHECK (attempts >= 0),
  failures_total  integer     NOT NULL CHECK (failures_total >= attempts),
  -- Null: not by itself, but after the event before it, or after an operator.
  next_attempt_at timestamptz,
  -- The latest failures, oldest first: [{"at", "name", "message"}].
  failures        jsonb       NOT NULL DEFAULT '[]' CHECK (jsonb_typeof(failures) = 'array'),
  parked_at       timestamptz NOT NULL DEFAULT now(),
  CHECK (state = 'WAITING' OR next_attempt_at IS NULL),
  CHECK (state = 'WAITING' OR NOT never_gives_up),
  UNIQUE (subscriber, topic, source, subject, position)
) WITH (autovacuum_vacuum_threshold = 200, autovacuum_vacuum_scale_factor = 0);

CREATE INDEX event_parked_due ON event_parked (subscriber, topic, source, next_attempt_at) WHERE next_attempt_at IS NOT NULL;
CREATE INDEX event_parked_newest ON event_parked (parked_at, parked_id);

-- What operators did with parked events, for ever. It keeps the event, so that a discarded one is not lost.
CREATE TABLE dead_letter_action (
  action_id  bigint      GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  at         timestamptz NOT NULL DEFAULT clock_timestamp(),
  actor      text        NOT NULL CHECK (actor <> ''),
  action     text        NOT NULL CHECK (action IN ('RETRY', 'DISCARD', 'RESOLVE')),
  reason     text        CHECK (reason <> ''),
  parked_id  bigint      NOT NULL,
  subscriber text        NOT NULL,
  event_id   text        NOT NULL,
  event      jsonb       NOT NULL,
  failures_total integer NOT NULL,
  failures   jsonb       NOT NULL,
  CHECK (action = 'RETRY' OR reason IS NOT NULL)
);

CREATE INDEX dead_letter_action_newest ON dead_letter_action (at, action_id);

CREATE FUNCTION refuse_change_of_dead_letter_actions() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION 'the record of what operators did is append-only' USING ERRCODE = 'restrict_violation';
END $$;

CREATE TRIGGER dead_letter_action_is_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON dead_letter_action
  FOR EACH STATEMENT EXECUTE FUNCTION refuse_change_of_dead_letter_actions();

-- Down Migration

DROP TABLE dead_letter_action;
DROP FUNCTION refuse_change_of_dead_letter_actions;
DROP TABLE event_parked;
