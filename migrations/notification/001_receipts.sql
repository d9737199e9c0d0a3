-- Up Migration

-- One receipt per order, as the customer got it: never changed.
CREATE TABLE shop_notification.receipt (
  order_id  bigint      PRIMARY KEY,
  user_id   bigint      NOT NULL,
  contents  jsonb       NOT NULL,
  issued_at timestamptz NOT NULL DEFAULT now()
);

-- Down Migration

DROP TABLE shop_notification.receipt;
