-- Up Migration

-- One row per customer who ever put something into the cart. Its lock makes the changes of one cart follow one another.
CREATE TABLE shop_cart.cart (
  user_id    bigint      PRIMARY KEY,
  -- How many items the cart has: the bound that every insert pays for, whatever the code does.
  lines      integer     NOT NULL DEFAULT 0,
  changed_at timestamptz NOT NULL DEFAULT now(),
  CONSTRAINT cart_never_too_long CHECK (lines BETWEEN 0 AND 500)
) WITH (fillfactor = 70);

CREATE TABLE shop_cart.cart_item (
  cart_item_id      bigint      GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  user_id           bigint      NOT NULL REFERENCES shop_cart.cart,
  product_option_id bigint      NOT NULL REFERENCES shop_cart.product_option,
  quantity          integer     NOT NULL CHECK (quantity BETWEEN 1 AND 1000000),
  added_at          timestamptz NOT NULL DEFAULT now(),
  -- The same option adds up; and the way to the items of a cart.
  CONSTRAINT cart_item_one_per_option UNIQUE (user_id, product_option_id)
) WITH (fillfactor = 80);

-- Down Migration

DROP TABLE shop_cart.cart_item;
DROP TABLE shop_cart.cart;
