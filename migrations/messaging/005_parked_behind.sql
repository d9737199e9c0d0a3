-- Up Migration

-- Those that wait behind another of their key, which somebody looks for at each poll: without it, among all the dead letters of the subscriber.
CREATE INDEX event_parked_behind ON event_parked (subscriber, topic, source, subject, position) WHERE state = 'WAITING' AND next_attempt_at IS NULL;

-- Down Migration

DROP INDEX event_parked_behind;
