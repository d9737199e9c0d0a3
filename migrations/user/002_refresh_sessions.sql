-- Up Migration

-- One login. It lives as long as its refresh token is exchanged in time.
CREATE TABLE shop_user.refresh_session (
  id           bigint      GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  user_id      bigint      NOT NULL REFERENCES shop_user.account (id),
  created_at   timestamptz NOT NULL DEFAULT now(),
  last_used_at timestamptz NOT NULL DEFAULT now(),
  expires_at   timestamptz NOT NULL
);

CREATE INDEX refresh_session_user ON shop_user.refresh_session (user_id, last_used_at DESC, id DESC);
CREATE INDEX refresh_session_expires_at ON shop_user.refresh_session (expires_at);

-- The tokens of a session: the live one, and the spent ones before it, by which a stolen token is recognised.
CREATE TABLE shop_user.refresh_token (
  -- sha256: who reads this table cannot log in with it.
  token_hash bytea       PRIMARY KEY CHECK (octet_length(token_hash) = 32),
  session_id bigint      NOT NULL REFERENCES shop_user.refresh_session (id) ON DELETE CASCADE,
  issued_at  timestamptz NOT NULL DEFAULT clock_timestamp(),
  spent_at   timestamptz
);

CREATE UNIQUE INDEX refresh_token_live ON shop_user.refresh_token (session_id) WHERE spent_at IS NULL;
CREATE INDEX refresh_token_session ON shop_user.refresh_token (session_id, issued_at DESC);

-- Down Migration

DROP TABLE shop_user.refresh_token;
DROP TABLE shop_user.refresh_session;
