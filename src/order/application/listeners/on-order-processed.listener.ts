import { Injectable } from '@nestjs/common';
import { EventsFailed } from '../../../messaging/events-failed.js';
import { OnEventOutside } from '../../../messaging/listener.js';
import { DataPlatformAcks } from '../data-platform-acks.port.js';
import type { PaidOrderEvent } from '../data-platform.port.js';
import { OrderProcessed } from '../events/order-processed.event.js';
import { HandOverService } from '../hand-over.service.js';

/**
 * Hands paid orders to the data platform.
 *
 * T3: what is acknowledged is not sent again, so an order that is not accepted is tried again, and parked, alone.
 */
@Injectable()
export class OnOrderProcessedListener {
  constructor(
    private readonly handOver: HandOverService,
    private readonly acks: DataPlatformAcks,
  ) {}

  @OnEventOutside(OrderProcessed, 'order.data-platform')
  async handOverPaid(events: readonly PaidOrderEvent[], signal: AbortSignal): Promise<void> {
    const open = await this.acks.unacknowledged(this.handOver.adapter, events);
    const refused = await this.handOver.handOver(open, signal);
    if (refused.size > 0) throw new EventsFailed(refused);
  }
}
