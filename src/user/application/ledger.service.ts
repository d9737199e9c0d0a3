import { Injectable } from '@nestjs/common';
import type { UserId } from '../../kernel/ids.js';
import type { Transaction } from '../../kernel/transaction.js';
import { AccountRepository } from '../domain/account.repository.js';
import { type Account, decidePostings, type ManualPosting, type Posting, repetitionKey, type Verdict } from '../domain/ledger.js';

/** The first attempt is optimistic; it locks what it touches, so nothing can come between the second's read and its write. */
const POSTING_ATTEMPTS_MAX = 2;

/**
 * Changes balances, a batch in one transaction.
 *
 * G1: a change is written only on the version it was decided on; otherwise it is decided again, on what is there now.
 * G2: a refusal is an answer, never a reason to try again.
 * G3: an attempt locks the accounts it writes, in order of their ids, whether or not their versions match. So there is no
 *     third attempt, however many processes change one balance, and no circle of waiters.
 * G4: the postings of one user are decided together and in order, by whichever attempt succeeds.
 */
@Injectable()
export class LedgerService {
  constructor(private readonly accounts: AccountRepository) {}

  read(tx: Transaction, userIds: readonly UserId[]): Promise<readonly Account[]> {
    return this.accounts.read(tx, [...new Set(userIds)]);
  }

  /**
   * @param seen what the first attempt decides on, where it has been read before in this transaction.
   * @returns one verdict per posting, in order. A refusal has no effect on the others.
   */
  async post(tx: Transaction, postings: readonly Posting[], seen?: readonly Account[]): Promise<Verdict[]> {
    const verdicts = new Map<Posting, Verdict>();
    let open = postings;
    for (let attempt = 1; open.length > 0; attempt++) {
      if (attempt > POSTING_ATTEMPTS_MAX) throw new Error('accounts changed while they were held locked');
      // oxlint-disable-next-line no-await-in-loop -- the second attempt decides on what the first found changed
      const decided = await this.attempt(tx, open, attempt === 1 ? seen : undefined);
      for (const [posting, verdict] of decided) verdicts.set(posting, verdict);
      open = open.filter((posting) => !verdicts.has(posting));
    }
    return postings.map((posting) => verdicts.get(posting) as Verdict);
  }

  /** @returns the verdicts that stand; the postings of accounts that changed meanwhile are left out. */
  private async attempt(tx: Transaction, postings: readonly Posting[], seen?: readonly Account[]): Promise<[Posting, Verdict][]> {
    const accounts =
      seen ??
      (await this.read(
        tx,
        postings.map(({ userId }) => userId),
      ));
    // After the balances: an entry that came in between has then raised the version, and the write is refused.
    const made = await this.accounts.findRepeated(tx, postings.filter(isRepeatable));
    const { verdicts, changes } = decidePostings(accounts, made, postings);
    const saved = await this.accounts.save(tx, changes);
    const conflicts = new Set(changes.map(({ from }) => from.userId).filter((userId) => !saved.has(userId)));
    return postings
      .map((posting, index): [Posting, Verdict] => [posting, verdicts[index] as Verdict])
      .filter(([{ userId }]) => !conflicts.has(userId));
  }
}

const isRepeatable = (posting: Posting): posting is ManualPosting => repetitionKey(posting) !== null;
