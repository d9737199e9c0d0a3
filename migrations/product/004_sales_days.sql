-- Up Migration

-- Names the state of a day's sales: whoever changes rows of daily_sales raises the revision of their days in the same
-- transaction, after them. A copy of the day (in Redis) that names another state is none.
CREATE TABLE shop_product.sales_day (
  day      date   PRIMARY KEY,
  epoch    uuid   NOT NULL DEFAULT gen_random_uuid(),
  revision bigint NOT NULL DEFAULT 1 CHECK (revision > 0)
) WITH (fillfactor = 50);

INSERT INTO shop_product.sales_day (day) SELECT DISTINCT day FROM shop_product.daily_sales;

-- Down Migration

DROP TABLE shop_product.sales_day;
