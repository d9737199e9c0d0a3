import type { Plant } from './plant.js';

export const MONEY_PLANTS: readonly Plant[] = [
  {
    check: '1.1',
    what: 'an entry without its other half',
    sql: 'DELETE FROM shop_user.contra_entry WHERE entry_id = 3',
    sentences: ['ledger entry 3 of -1800 has no other half on sales'],
  },
  {
    check: '1.1',
    what: 'an other half of the wrong amount',
    sql: 'UPDATE shop_user.contra_entry SET amount = 1799 WHERE entry_id = 3',
    sentences: ['ledger entry 3 of -1800 should be balanced once on sales, and is 1 time(s) by 1799 on sales'],
  },
  {
    check: '1.1',
    what: 'an other half twice',
    sql: `ALTER TABLE shop_user.contra_entry DROP CONSTRAINT contra_entry_pkey;
          INSERT INTO shop_user.contra_entry SELECT * FROM shop_user.contra_entry WHERE entry_id = 3`,
    sentences: ['ledger entry 3 of -1800 should be balanced once on sales, and is 2 time(s) by 3600 on sales'],
  },
  {
    check: '1.1',
    what: 'an other half of nothing',
    sql: `INSERT INTO shop_user.contra_entry VALUES (99, 'sales', 700)`,
    sentences: ['700 on sales is the other half of ledger entry 99, which does not exist'],
  },
  {
    check: '1.2',
    what: 'an entry that begins elsewhere than the one before it ended',
    sql: 'UPDATE shop_user.ledger_entry SET before_amount = before_amount + 5, after_amount = after_amount + 5 WHERE id = 7',
    sentences: ['ledger entry 7 of account 2 begins at 8205, where the entry before it ended at 8200, and goes by -2000 to 6205'],
  },
  {
    check: '1.2',
    what: 'an entry that does not add up',
    sql: 'UPDATE shop_user.ledger_entry SET after_amount = 6201 WHERE id = 7',
    sentences: ['ledger entry 7 of account 2 begins at 8200, where the entry before it ended at 8200, and goes by -2000 to 6201'],
  },
  {
    check: '1.3',
    what: 'a balance that is not the sum of its entries',
    sql: 'UPDATE shop_user.account SET balance = 6201 WHERE id = 2',
    sentences: ['account 2 has a balance of 6201, but its ledger entries sum to 6200'],
  },
  {
    check: '1.3',
    what: 'a balance that came from nowhere',
    sql: 'UPDATE shop_user.account SET balance = 10 WHERE id = 1',
    sentences: ['account 1 has a balance of 10, but its ledger entries sum to 0'],
  },
  {
    check: '1.3',
    what: 'entries of an account that does not exist',
    sql: `INSERT INTO shop_user.ledger_entry (id, user_id, amount, before_amount, after_amount, code, contra_account) OVERRIDING SYSTEM VALUE
            VALUES (8, 99, 10, 0, 10, 'CHARGE', 'external-funds');
          INSERT INTO shop_user.contra_entry VALUES (8, 'external-funds', -10)`,
    sentences: ['there are ledger entries of account 99, which does not exist; they sum to 10'],
  },
  {
    check: '1.4',
    what: 'a balance below zero',
    sql: `UPDATE shop_user.account SET balance = -5 WHERE id = 1;
          INSERT INTO shop_user.ledger_entry (id, user_id, amount, before_amount, after_amount, code, contra_account) OVERRIDING SYSTEM VALUE
            VALUES (8, 1, -5, 0, -5, 'ADJUST', 'corrections');
          INSERT INTO shop_user.contra_entry VALUES (8, 'corrections', 5)`,
    sentences: ['account 1 had a balance of -5 after ledger entry 8', 'account 1 has a balance of -5'],
  },
];
