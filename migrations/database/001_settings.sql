-- Up Migration

-- What a shop decided once and must not change afterwards, such as the currency of all its amounts.
CREATE TABLE shop_database.setting (
  name  text PRIMARY KEY,
  value text NOT NULL
);

-- Down Migration

DROP TABLE shop_database.setting;
