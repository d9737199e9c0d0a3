-- Up Migration

CREATE TABLE shop_product.product (
  product_id  bigint      GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  price       bigint      NOT NULL CHECK (price BETWEEN 0 AND 9007199254740991),
  -- Counts the product.changed events of this product; its row lock keeps them in order.
  revision    bigint      NOT NULL DEFAULT 0 CHECK (revision >= 0),
  created_at  timestamptz NOT NULL DEFAULT now(),
  on_sale     boolean     NOT NULL DEFAULT true,
  name        text        NOT NULL CHECK (char_length(name) BETWEEN 1 AND 200),
  category    text        NOT NULL CHECK (char_length(category) BETWEEN 1 AND 100),
  description text        NOT NULL DEFAULT '' CHECK (char_length(description) <= 5000)
) WITH (fillfactor = 80);

-- One index per order of the list (read backwards for the descending ones); the newest first is the primary key.
CREATE INDEX product_price ON shop_product.product (price, product_id);
CREATE INDEX product_category ON shop_product.product (category, product_id);
CREATE INDEX product_category_price ON shop_product.product (category, price, product_id);

-- The hot rows of the shop: every order changes them. Neither stock nor reserved stands in an index, and half of each page
-- is free, so that their updates stay on the page (HOT).
CREATE TABLE shop_product.product_option (
  product_option_id bigint      GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  product_id        bigint      NOT NULL REFERENCES shop_product.product,
  stock             bigint      NOT NULL DEFAULT 0 CHECK (stock BETWEEN 0 AND 9007199254740991),
  reserved          bigint      NOT NULL DEFAULT 0 CHECK (reserved >= 0),
  created_at        timestamptz NOT NULL DEFAULT now(),
  name              text        NOT NULL CHECK (char_length(name) BETWEEN 1 AND 200),
  UNIQUE (product_id, name),
  -- Never oversold, whatever the code does.
  CHECK (reserved <= stock)
) WITH (fillfactor = 50, autovacuum_vacuum_threshold = 500, autovacuum_vacuum_scale_factor = 0.01);

-- What product.changed last said of each option: what differs from it is still to be told.
CREATE TABLE shop_product.published_availability (
  product_option_id bigint PRIMARY KEY REFERENCES shop_product.product_option,
  available         bigint NOT NULL CHECK (available >= 0)
) WITH (fillfactor = 50);

-- Everything that ever came in, the initial stock included.
CREATE TABLE shop_product.stock_receipt (
  stock_receipt_id  bigint      GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  product_option_id bigint      NOT NULL REFERENCES shop_product.product_option,
  quantity          bigint      NOT NULL CHECK (quantity > 0),
  operator_id       bigint      NOT NULL,
  created_at        timestamptz NOT NULL DEFAULT now(),
  note              text        CHECK (char_length(note) <= 500),
  -- The operator's Idempotency-Key: goods are never received twice, not even after a crash before the answer.
  request_key       text        CHECK (char_length(request_key) BETWEEN 1 AND 255)
);

CREATE INDEX stock_receipt_option ON shop_product.stock_receipt (product_option_id);
CREATE UNIQUE INDEX stock_receipt_request ON shop_product.stock_receipt (operator_id, request_key) WHERE request_key IS NOT NULL;

CREATE FUNCTION shop_product.refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION '% is append-only', TG_TABLE_NAME;
END $$;

CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON shop_product.stock_receipt
  FOR EACH STATEMENT EXECUTE FUNCTION shop_product.refuse_change();

-- Down Migration

DROP TABLE shop_product.stock_receipt;
DROP FUNCTION shop_product.refuse_change();
DROP TABLE shop_product.published_availability;
DROP TABLE shop_product.product_option;
DROP TABLE shop_product.product;
