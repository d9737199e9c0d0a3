import type { Check } from '../check.js';

// An entry and its other half cancel out; so when each entry has exactly one, the whole ledger sums to zero.
const ENTRIES_SUM_TO_ZERO = `
  SELECT coalesce(entry.id, half.entry_id) AS subject, false AS pending,
         CASE WHEN entry.id IS NULL THEN format('%s on %s is the other half of ledger entry %s, which does not exist', half.amount, half.account, half.entry_id)
              WHEN half.entry_id IS NULL THEN format('ledger entry %s of %s has no other half on %s', entry.id, entry.amount, entry.contra_account)
              ELSE format('ledger entry %s of %s should be balanced once on %s, and is %s time(s) by %s on %s',
                          entry.id, entry.amount, entry.contra_account, half.times, half.amount, half.account)
         END AS sentence,
         jsonb_build_object('entryId', coalesce(entry.id, half.entry_id), 'userId', entry.user_id, 'amount', entry.amount, 'otherHalf', half.amount) AS facts
  FROM shop_user.ledger_entry entry
  FULL JOIN (
    SELECT entry_id, count(*) AS times, sum(amount) AS amount, min(account) AS account
    FROM shop_user.contra_entry GROUP BY entry_id
  ) half ON half.entry_id = entry.id
  WHERE entry.id IS NULL OR half.entry_id IS NULL
     OR half.times <> 1 OR entry.amount + half.amount <> 0 OR half.account <> entry.contra_account`;

const ENTRIES_FOLLOW_ONE_ANOTHER = `
  SELECT id AS subject, false AS pending,
         format('ledger entry %s of account %s begins at %s, where the entry before it ended at %s, and goes by %s to %s',
                id, user_id, before_amount, ended_before, amount, after_amount) AS sentence,
         jsonb_build_object('entryId', id, 'userId', user_id, 'endedBefore', ended_before,
                            'before', before_amount, 'amount', amount, 'after', after_amount) AS facts
  FROM (
    SELECT *, lag(after_amount, 1, 0::bigint) OVER (PARTITION BY user_id ORDER BY id) AS ended_before FROM shop_user.ledger_entry
  ) entry
  WHERE before_amount <> ended_before OR after_amount <> before_amount::numeric + amount`;

const BALANCES_ARE_SUMS = `
  SELECT coalesce(account.id, entries.user_id) AS subject, false AS pending,
         CASE WHEN account.id IS NULL THEN format('there are ledger entries of account %s, which does not exist; they sum to %s', entries.user_id, entries.amount)
              ELSE format('account %s has a balance of %s, but its ledger entries sum to %s', account.id, account.balance, coalesce(entries.amount, 0))
         END AS sentence,
         jsonb_build_object('userId', coalesce(account.id, entries.user_id), 'balance', account.balance, 'entries', coalesce(entries.amount, 0)) AS facts
  FROM shop_user.account
  FULL JOIN (SELECT user_id, sum(amount) AS amount FROM shop_user.ledger_entry GROUP BY user_id) entries ON entries.user_id = account.id
  WHERE account.id IS NULL OR account.balance <> coalesce(entries.amount, 0)`;

const NO_BALANCE_BELOW_ZERO = `
  SELECT id AS subject, false AS pending, format('account %s has a balance of %s', id, balance) AS sentence,
         jsonb_build_object('userId', id, 'balance', balance) AS facts
  FROM shop_user.account WHERE balance < 0
  UNION ALL
  SELECT user_id, false, format('account %s had a balance of %s after ledger entry %s', user_id, after_amount, id),
         jsonb_build_object('userId', user_id, 'entryId', id, 'balance', after_amount)
  FROM shop_user.ledger_entry WHERE after_amount < 0`;

export const MONEY_CHECKS: readonly Check[] = [
  { id: '1.1', title: 'all ledger entries sum to zero', examines: 'ledgerEntries', reads: ['user'], findings: ENTRIES_SUM_TO_ZERO },
  {
    id: '1.2',
    title: 'each ledger entry goes on where the one before it ended',
    examines: 'ledgerEntries',
    reads: ['user'],
    findings: ENTRIES_FOLLOW_ONE_ANOTHER,
  },
  { id: '1.3', title: 'each balance is the sum of its ledger entries', examines: 'accounts', reads: ['user'], findings: BALANCES_ARE_SUMS },
  { id: '1.4', title: 'no balance is or was below zero', examines: 'accounts', reads: ['user'], findings: NO_BALANCE_BELOW_ZERO },
];
