-- Up Migration

-- Without Redis a payment lock is kept in the process: the order's own row is what decides (ADR 8).
DROP TABLE shop_order.lock;

-- Down Migration

CREATE UNLOGGED TABLE shop_order.lock (
  name       text        PRIMARY KEY,
  token      text        NOT NULL,
  expires_at timestamptz NOT NULL
) WITH (fillfactor = 50);
