-- Up Migration

-- The best sellers of each day. The rows of a day stand together in both indexes that are left, so that what every sale changes is
-- in memory however many days there are.
CREATE INDEX daily_sales_units ON shop_product.daily_sales (day, units);
DROP INDEX shop_product.daily_sales_of_product;

-- Down Migration

CREATE INDEX daily_sales_of_product ON shop_product.daily_sales (product_id, day);
DROP INDEX shop_product.daily_sales_units;
