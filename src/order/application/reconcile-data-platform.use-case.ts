import { Injectable } from '@nestjs/common';
import type { OrderId } from '../../kernel/ids.js';
import { DataPlatformAcks, type PaidOrderAck } from './data-platform-acks.port.js';
import { DataPlatform, type Period } from './data-platform.port.js';
import { HandOverService } from './hand-over.service.js';

const ORDERS_PER_ROUND_MAX = 1_000;
const GAPS_LISTED_MAX = 10_000;

/** A paid order that the data platform does not have, as far as the shop can tell. */
export interface Gap {
  readonly orderId: OrderId;
  readonly eventId: string;
  readonly paidAt: Date;
  readonly why: 'NOT_ACKNOWLEDGED' | 'ACKNOWLEDGED_BUT_ABSENT';
  /** Null: not sent again, for nobody asked. Else `SENT`, or why it was not accepted. */
  readonly backfill: string | null;
}

export interface Reconciliation {
  readonly adapter: string;
  readonly paidOrders: number;
  /** All of them; `gaps` lists the first 10,000. */
  readonly gapsFound: number;
  readonly gapsLeft: number;
  readonly gaps: readonly Gap[];
}

/** Compares the paid orders of a period with what the data platform has acknowledged, and sends what is missing again, under the same event ids. */
@Injectable()
export class ReconcileDataPlatformUseCase {
  constructor(
    private readonly acks: DataPlatformAcks,
    private readonly dataPlatform: DataPlatform,
    private readonly handOver: HandOverService,
  ) {}

  async execute({ period, backfill, signal }: { period: Period; backfill: boolean; signal: AbortSignal }): Promise<Reconciliation> {
    const present = await this.dataPlatform.present(period);
    const isMissing = ({ acknowledged, eventId }: PaidOrderAck): boolean => !acknowledged || present?.has(eventId) === false;
    let paidOrders = 0;
    let gapsFound = 0;
    let gapsLeft = 0;
    const gaps: Gap[] = [];
    for await (const orders of this.paidIn(period)) {
      const missing = orders.filter(isMissing);
      const refused = backfill ? await this.sendAgain(missing, signal) : null;
      paidOrders += orders.length;
      gapsFound += missing.length;
      gapsLeft += refused?.size ?? missing.length;
      gaps.push(...missing.slice(0, GAPS_LISTED_MAX - gaps.length).map((order) => gapOf(order, refused)));
    }
    return { adapter: this.dataPlatform.adapter, paidOrders, gapsFound, gapsLeft, gaps };
  }

  /** In rounds of bounded size. */
  private async *paidIn(period: Period): AsyncGenerator<readonly PaidOrderAck[]> {
    const { adapter } = this.dataPlatform;
    const ids = await this.acks.idsPaidIn(period);
    if (!ids) return;
    for (let after = ids.first - 1; after < ids.last;) {
      const page = { adapter, after: after as OrderId, last: ids.last, ordersMax: ORDERS_PER_ROUND_MAX };
      // oxlint-disable-next-line no-await-in-loop -- in sequence: a round after the other
      const orders = await this.acks.paidIn(period, page);
      yield orders;
      after = orders.at(-1)?.orderId ?? Infinity;
    }
  }

  private async sendAgain(missing: readonly PaidOrderAck[], signal: AbortSignal): Promise<ReadonlyMap<string, string>> {
    if (missing.length === 0) return new Map();
    return this.handOver.handOver(await this.acks.eventsOf(missing.map(({ orderId }) => orderId)), signal);
  }
}

const gapOf = ({ orderId, eventId, paidAt, acknowledged }: PaidOrderAck, refused: ReadonlyMap<string, string> | null): Gap => ({
  orderId,
  eventId,
  paidAt,
  why: acknowledged ? 'ACKNOWLEDGED_BUT_ABSENT' : 'NOT_ACKNOWLEDGED',
  backfill: refused && (refused.get(eventId) ?? 'SENT'),
});
