import { Injectable } from '@nestjs/common';
import type { Received } from '../../../messaging/event.js';
import { OnEventOutside } from '../../../messaging/listener.js';
import { DataPlatform } from '../data-platform.port.js';
import { OrderProcessed } from '../events/order-processed.event.js';

/** Hands paid orders to the data platform. */
@Injectable()
export class OnOrderProcessedListener {
  constructor(private readonly dataPlatform: DataPlatform) {}

  @OnEventOutside(OrderProcessed, 'order.data-platform')
  async handOver(events: readonly Received<typeof OrderProcessed>[], signal: AbortSignal): Promise<void> {
    await this.dataPlatform.send(events, signal);
  }
}
