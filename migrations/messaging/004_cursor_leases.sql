-- Up Migration

-- Who makes an effect outside of any transaction with the events behind a cursor, and until when nobody else may.
ALTER TABLE event_cursor ADD COLUMN lease_token uuid, ADD COLUMN leased_until timestamptz,
  ADD CHECK ((lease_token IS NULL) = (leased_until IS NULL));

-- Down Migration

ALTER TABLE event_cursor DROP COLUMN lease_token, DROP COLUMN leased_until;
