import { Injectable } from '@nestjs/common';
import type { OrderId } from '../../kernel/ids.js';
import { Lock } from '../../locks/lock.js';
import { PAYMENT_LOCK_TTL_MS, PaymentLock } from '../application/payment-lock.port.js';

/** The payment lock on whichever lock the deployment has. */
@Injectable()
export class PlatformPaymentLock extends PaymentLock {
  constructor(private readonly locks: Lock) {
    super();
  }

  override tryAcquire(orderId: OrderId): Promise<(() => Promise<void>) | null> {
    return this.locks.tryAcquire(`payment:order:${orderId}`, PAYMENT_LOCK_TTL_MS);
  }
}
