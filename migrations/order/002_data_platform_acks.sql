-- Up Migration

-- A row says: this data platform (adapter) has acknowledged that the event of this order is safe there. Written after the
-- acknowledgement and before the cursor moves. No row for a paid order: not handed over yet, parked, or lost on the way.
CREATE TABLE shop_order.data_platform_ack (
  order_id        bigint      NOT NULL,
  event_id        text        NOT NULL,
  adapter         text        NOT NULL,
  acknowledged_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (order_id, event_id, adapter)
);

-- Orders are paid about in the order of their rows, so a few ranges of pages hold a period. It costs a payment next to nothing.
CREATE INDEX orders_by_paid_at ON shop_order.orders USING brin (paid_at) WITH (pages_per_range = 32, autosummarize = on);

-- Down Migration

DROP INDEX shop_order.orders_by_paid_at;
DROP TABLE shop_order.data_platform_ack;
