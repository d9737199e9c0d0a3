-- Up Migration

-- The sales ranking: units per product and day (UTC) of payment.
CREATE TABLE shop_product.daily_sales (
  day          date        NOT NULL,
  product_id   bigint      NOT NULL REFERENCES shop_product.product,
  units        bigint      NOT NULL CHECK (units >= 0),
  last_sold_at timestamptz NOT NULL,
  PRIMARY KEY (day, product_id)
) WITH (fillfactor = 70);

-- Down Migration

DROP TABLE shop_product.daily_sales;
