-- Up Migration

-- One row per Idempotency-Key that a client sent. Claimed before the handler runs, completed with its answer after it.
CREATE TABLE shop_http.idempotency_key (
  user_id       bigint      NOT NULL,
  route         text        NOT NULL CHECK (char_length(route) BETWEEN 1 AND 300),
  key           text        NOT NULL CHECK (char_length(key) BETWEEN 1 AND 255),
  -- sha256 of address and body: a key that comes back with another request is refused.
  fingerprint   bytea       NOT NULL CHECK (octet_length(fingerprint) = 32),
  -- Whose claim it is; an execution whose lease ran out must not complete the claim of its successor.
  claim         uuid        NOT NULL,
  -- Renewed every few seconds while the execution runs, so that only those of dead processes pass.
  claimed_until timestamptz NOT NULL,
  status        smallint    CHECK (status BETWEEN 200 AND 499),
  content_type  text,
  body          text,
  created_at    timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (user_id, route, key),
  CHECK (status IS NOT NULL OR (body IS NULL AND content_type IS NULL))
) WITH (fillfactor = 80);

-- For the purge. BRIN-small would do, but rows are deleted from the old end, where a b-tree stays cheap.
CREATE INDEX idempotency_key_created_at ON shop_http.idempotency_key (created_at);

-- Down Migration

DROP TABLE shop_http.idempotency_key;
