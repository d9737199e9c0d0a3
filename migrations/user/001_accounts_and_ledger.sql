-- Up Migration

CREATE TABLE shop_user.account (
  id            bigint      GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  -- Bytewise order, so that the unique index also serves the search by beginning.
  email         text        COLLATE "C" NOT NULL UNIQUE CHECK (email = lower(email) AND char_length(email) BETWEEN 3 AND 254),
  password_hash text        NOT NULL,
  role          text        NOT NULL CHECK (role IN ('customer', 'operator')),
  balance       bigint      NOT NULL DEFAULT 0 CHECK (balance BETWEEN 0 AND 9007199254740991),
  -- Raised with every change of the balance; a change that was decided on an older version is not written.
  version       bigint      NOT NULL DEFAULT 0,
  created_at    timestamptz NOT NULL DEFAULT now()
-- Room for new versions of a row in its page: no index has the balance, so a payment touches none.
) WITH (fillfactor = 50);

-- Every change of a balance. Rows are only ever added.
CREATE TABLE shop_user.ledger_entry (
  id              bigint         GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  user_id         bigint         NOT NULL,
  amount          bigint         NOT NULL CHECK (amount <> 0),
  before_amount   bigint         NOT NULL CHECK (before_amount >= 0),
  after_amount    bigint         NOT NULL CHECK (after_amount BETWEEN 0 AND 9007199254740991),
  code            text           NOT NULL CHECK (code IN ('CHARGE', 'PAYMENT', 'REFUND', 'ADJUST')),
  contra_account  text           NOT NULL CHECK (contra_account IN ('external-funds', 'sales', 'corrections')),
  payment_id      bigint,
  -- The operator who made the change; null when a payment did.
  actor_id        bigint,
  idempotency_key text           CHECK (char_length(idempotency_key) BETWEEN 1 AND 255),
  note            text           CHECK (char_length(note) BETWEEN 1 AND 500),
  -- The moment of the change, not of the transaction's begin: so it rises with the entries of an account. Milliseconds, to stand in cursors.
  created_at      timestamptz(3) NOT NULL DEFAULT clock_timestamp(),
  CHECK (after_amount = before_amount + amount),
  CHECK ((code IN ('PAYMENT', 'REFUND')) = (payment_id IS NOT NULL)),
  CHECK (code <> 'PAYMENT' OR amount < 0),
  CHECK (code NOT IN ('CHARGE', 'REFUND') OR amount > 0)
);

-- A payment charges once and is voided once, whatever is delivered how often.
CREATE UNIQUE INDEX ledger_entry_payment ON shop_user.ledger_entry (payment_id, code) WHERE payment_id IS NOT NULL;
-- An operator's repeated request has one effect, even when the first answer was lost in a crash.
CREATE UNIQUE INDEX ledger_entry_idempotency_key ON shop_user.ledger_entry (idempotency_key, user_id, actor_id, code) WHERE idempotency_key IS NOT NULL;
CREATE INDEX ledger_entry_history ON shop_user.ledger_entry (user_id, code, created_at DESC, id DESC);

-- The other half of each entry, on the shop's own accounts. They have no running balance: that would be a row that every payment waits for.
CREATE TABLE shop_user.contra_entry (
  entry_id bigint PRIMARY KEY,
  account  text   NOT NULL,
  amount   bigint NOT NULL CHECK (amount <> 0)
);

CREATE FUNCTION shop_user.write_contra_entries() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO shop_user.contra_entry (entry_id, account, amount) SELECT id, contra_account, -amount FROM entered;
  RETURN NULL;
END $$;

-- Written by the database, so that no entry can ever be without its other half.
CREATE TRIGGER ledger_entry_has_two_halves AFTER INSERT ON shop_user.ledger_entry
  REFERENCING NEW TABLE AS entered FOR EACH STATEMENT EXECUTE FUNCTION shop_user.write_contra_entries();

CREATE FUNCTION shop_user.refuse_change_of_ledger() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION 'the ledger is append-only: correct it by another entry' USING ERRCODE = 'restrict_violation';
END $$;

CREATE TRIGGER ledger_entry_is_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON shop_user.ledger_entry
  FOR EACH STATEMENT EXECUTE FUNCTION shop_user.refuse_change_of_ledger();
CREATE TRIGGER contra_entry_is_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON shop_user.contra_entry
  FOR EACH STATEMENT EXECUTE FUNCTION shop_user.refuse_change_of_ledger();

-- Both halves of everything: its sum is zero.
CREATE VIEW shop_user.ledger AS
  SELECT id AS entry_id, 'user' AS account, user_id, amount FROM shop_user.ledger_entry
  UNION ALL
  SELECT entry_id, account, NULL, amount FROM shop_user.contra_entry;

-- Down Migration

DROP VIEW shop_user.ledger;
DROP TABLE shop_user.contra_entry;
DROP TABLE shop_user.ledger_entry;
DROP FUNCTION shop_user.write_contra_entries();
DROP FUNCTION shop_user.refuse_change_of_ledger();
DROP TABLE shop_user.account;
