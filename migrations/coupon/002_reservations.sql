-- Up Migration

-- The request that was admitted, where Redis keeps the gate: whoever writes the row, that request finds it as its own.
ALTER TABLE shop_coupon.user_coupon ADD COLUMN reservation uuid;

-- Names this database towards Redis: what Redis has copied from another one is no copy of this. One row.
CREATE TABLE shop_coupon.gate (
  only_row boolean PRIMARY KEY DEFAULT true CHECK (only_row),
  epoch    uuid    NOT NULL DEFAULT gen_random_uuid()
);
INSERT INTO shop_coupon.gate DEFAULT VALUES;

-- Down Migration

DROP TABLE shop_coupon.gate;
ALTER TABLE shop_coupon.user_coupon DROP COLUMN reservation;
