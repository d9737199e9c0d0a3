-- Up Migration

-- What product.changed last said, so that a cart can be shown and checked without asking the product domain.
CREATE TABLE shop_cart.product (
  product_id bigint  PRIMARY KEY,
  -- Of the event that wrote this row: only a higher one may replace it.
  revision   bigint  NOT NULL CHECK (revision > 0),
  price      bigint  NOT NULL CHECK (price BETWEEN 0 AND 9007199254740991),
  on_sale    boolean NOT NULL,
  name       text    NOT NULL
) WITH (fillfactor = 80);

-- An option that its product no longer names stays here with nothing available: a cart may still hold it.
CREATE TABLE shop_cart.product_option (
  product_option_id bigint PRIMARY KEY,
  product_id        bigint NOT NULL REFERENCES shop_cart.product,
  available         bigint NOT NULL CHECK (available BETWEEN 0 AND 9007199254740991),
  name              text   NOT NULL
) WITH (fillfactor = 70);

CREATE INDEX product_option_of_product ON shop_cart.product_option (product_id);

-- Down Migration

DROP TABLE shop_cart.product_option;
DROP TABLE shop_cart.product;
