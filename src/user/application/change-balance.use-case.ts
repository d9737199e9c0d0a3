import { Injectable } from '@nestjs/common';
import { UnitOfWork } from '../../kernel/transaction.js';
import { MicroBatcher } from '../../messaging/micro-batcher.js';
import type { ManualPosting, Verdict } from '../domain/ledger.js';
import { LedgerService } from './ledger.service.js';

/**
 * Tops a balance up (`CHARGE`) or corrects it (`ADJUST`). Changes that are asked for at the same time share a
 * transaction, so that two hundred of one user need not queue for its row one by one.
 */
@Injectable()
export class ChangeBalanceUseCase {
  private readonly batcher: MicroBatcher<ManualPosting, Verdict>;

  constructor(unitOfWork: UnitOfWork, ledger: LedgerService) {
    this.batcher = new MicroBatcher({ name: 'user.change-balance', run: (postings) => unitOfWork.run((tx) => ledger.post(tx, postings)) });
  }

  /** A repetition (same user, operator, code and key) gets the balance that the first request was answered. */
  execute(posting: ManualPosting): Promise<Verdict> {
    return this.batcher.submit(posting);
  }
}
