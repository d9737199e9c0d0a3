import { Injectable } from '@nestjs/common';
import { DataPlatformAcks } from './data-platform-acks.port.js';
import { DataPlatform, type PaidOrderEvent } from './data-platform.port.js';

const EVENTS_PER_REQUEST_MAX = 100;

/**
 * Hands paid orders to the data platform, and keeps its acknowledgements.
 *
 * T1: an acknowledgement is recorded after the data platform has given it, and before anybody takes the event for handed
 *     over. A crash in between sends the event again, under the same id.
 * T2: what is acknowledged is recorded even when the next request of the same batch fails.
 */
@Injectable()
export class HandOverService {
  constructor(
    private readonly dataPlatform: DataPlatform,
    private readonly acks: DataPlatformAcks,
  ) {}

  get adapter(): string {
    return this.dataPlatform.adapter;
  }

  /** @returns why the data platform did not accept some of the events, by event id. */
  async handOver(events: readonly PaidOrderEvent[], signal: AbortSignal): Promise<ReadonlyMap<string, string>> {
    const refused = new Map<string, string>();
    for (let from = 0; from < events.length; from += EVENTS_PER_REQUEST_MAX) {
      const batch = events.slice(from, from + EVENTS_PER_REQUEST_MAX);
      // oxlint-disable-next-line no-await-in-loop -- in sequence: a request of bounded size after the other
      const { accepted, reasons } = await this.dataPlatform.send(batch, signal);
      // oxlint-disable-next-line no-await-in-loop -- T1, T2
      await this.acks.record(
        this.adapter,
        batch.filter(({ id }) => accepted.has(id)),
      );
      for (const { id } of batch) if (!accepted.has(id)) refused.set(id, reasons?.get(id) ?? 'the data platform did not accept it');
    }
    return refused;
  }
}
