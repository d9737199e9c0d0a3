import { eventCatalogue } from '../../../src/event-catalogue.js';
import { relayOf } from '../../../src/messaging/kafka/event-relay.js';
import { handlingKey } from '../deliveries.js';
import { isSimulated } from '../domains.js';
import { cursorKey } from '../store/memory-cursor-store.js';
import type { World } from '../world.js';

/** How many events have not been handled yet by somebody who should. */
export function undelivered({ database, history }: World): number {
  let events = 0;
  for (const [source, log] of database.logs) {
    for (const { type, shard, events: logged } of log.shards()) {
      const head = logged.at(-1)?.position ?? 0;
      const subscribers = eventCatalogue.entry(type).subscribers.filter(isSimulated);
      const isRelayed = history.shape === 'kafka' && subscribers.length > 0;
      for (const subscriber of isRelayed ? [relayOf(source), ...subscribers] : subscribers) {
        events += head - (database.eventCursor.rows.get(cursorKey({ subscriber, type, source }, shard))?.position ?? 0);
      }
    }
  }
  for (const { state } of database.eventParked.rows.values()) if (state === 'WAITING') events++;
  return events;
}

/** 5. Log: positions gapless; every event handled once by each subscriber, in order; and the log tells what happened, once. */
export function* eventsHandled(world: World): Generator<string> {
  yield* logIsGapless(world);
  yield* handledOnceInOrder(world);
  yield* logTellsTheTruth(world);
  yield* refusalsAreTold(world);
  yield* alertsAreRaised(world);
  for (const deadlock of world.database.deadlocks) yield `5: ${deadlock}`;
}

function* logIsGapless({ database }: World): Generator<string> {
  for (const [source, log] of database.logs) {
    for (const { type, shard, events } of log.shards()) {
      const positions = events.map(({ position }) => position);
      if (positions.some((position, index) => position !== index + 1)) {
        yield `5: ${type} of ${source}, shard ${shard}, has the positions ${positions.join(', ')}`;
      }
    }
  }
}

function* handledOnceInOrder({ database }: World): Generator<string> {
  for (const [source, log] of database.logs) {
    for (const { type, shard, events } of log.shards()) {
      for (const subscriber of eventCatalogue.entry(type).subscribers.filter(isSimulated)) {
        const cursor = database.eventCursor.rows.get(cursorKey({ subscriber, type, source }, shard))?.position ?? 0;
        const head = events.at(-1)?.position ?? 0;
        if (cursor !== head) yield `5: ${subscriber} stands at ${cursor} of ${head} in ${type} of ${source}, shard ${shard}`;
        // What is done outside of transactions is noted by the one who has it done.
        if (subscriber === 'order.data-platform') continue;
        const last = new Map<string, number>();
        for (const event of events) {
          const { id, position, subject } = event;
          const times = database.handled.get(handlingKey(subscriber, source, event)) ?? [];
          if (times.length !== 1) yield `5: ${subscriber} has handled ${id} at ${shard}/${position} ${times.length} times`;
          // C2: the order of a key is kept; others may pass an event that is parked.
          const [time = 0] = times;
          if (time < (last.get(subject) ?? 0)) yield `5: ${subscriber} has handled ${id} at ${shard}/${position} before an earlier one`;
          last.set(subject, time);
        }
      }
    }
  }
}

function* logTellsTheTruth({ database, tables }: World): Generator<string> {
  const times = new Map<string, number>();
  for (const { id, source } of database.events()) times.set(`${id} of ${source}`, (times.get(`${id} of ${source}`) ?? 0) + 1);
  for (const [event, count] of times) {
    const wanted = reportsWanted(event, times) ?? 1;
    if (count !== wanted) yield `5: ${event} stands in the log ${count} times, and should ${wanted} time(s)`;
  }
  const told = (event: string): boolean => times.has(event);
  for (const { orderId, status } of tables.orders.rows.values()) {
    const processed = told(`order.processed:${orderId} of order`);
    if (processed !== (status === 'PAID')) {
      yield `5: order ${orderId} is ${status}, and order.processed is ${processed ? 'there' : 'missing'}`;
    }
    if (told(`order.expired:${orderId} of order`) !== (status === 'EXPIRED')) {
      yield `5: order ${orderId} is ${status}, and order.expired says otherwise`;
    }
    if (status === 'CANCELLED' && !told(`order.cancelled:${orderId} of order`)) {
      yield `5: order ${orderId} is CANCELLED, and order.cancelled is missing`;
    }
  }
  for (const { paymentId, state, awaited } of tables.attempts.rows.values()) {
    const failed = [...times.keys()].some(
      (event) => /^order\.(?:processing|payment)\.fail:/.test(event) && event.split(':')[1] === String(paymentId),
    );
    if (failed !== (state === 'REFUSED')) {
      yield `5: payment ${paymentId} is ${state}, and a fail event of it is ${failed ? 'there' : 'missing'}`;
    }
    for (const compensation of state === 'REFUSED' ? awaited : []) {
      const [type, domain] = compensation.split(':');
      if (!told(`${type}:${paymentId}:${domain} of ${domain}`)) {
        yield `5: payment ${paymentId} is REFUSED, and ${compensation} has not been reported`;
      }
    }
  }
}

/** A refusal and its fail event are one transaction. */
function* refusalsAreTold({ database }: World): Generator<string> {
  const told = new Set([...database.events()].map(({ id }) => id));
  for (const { step, sagaId, state } of database.sagaStep.rows.values()) {
    if (state !== 'REFUSED' || step === 'reserve-stock') continue;
    const type = step === 'user.deduct-balance' ? 'order.payment.fail' : 'order.processing.fail';
    const subscriber = step === 'confirm-stock' ? 'product.confirm-stock' : step;
    if (!told.has(`${type}:${sagaId}:${subscriber}`)) yield `5: ${subscriber} refused payment ${sagaId}, and ${type} does not tell of it`;
  }
}

/** K6: an alert and the failure that it tells of are one transaction. */
function* alertsAreRaised({ database, alertsDue }: World): Generator<string> {
  const raised = [...database.events()].flatMap(({ id, type, source }) => (type === 'alert.raised' ? `${id} of ${source}` : []));
  for (const alert of alertsDue) if (!raised.includes(alert)) yield `5: ${alert} is missing, though the failure is noted`;
  for (const alert of raised) if (!alertsDue.includes(alert)) yield `5: ${alert} tells of a failure that is not noted`;
}

/** A compensation is reported once for each event that asked for it. */
function reportsWanted(event: string, times: ReadonlyMap<string, number>): number | undefined {
  const [, type, paymentId] = /^(order\.\w+\.fail)\.done:(\d+):/.exec(event) ?? [];
  return type === undefined
    ? undefined
    : [...times].reduce((total, [other, count]) => total + (other.startsWith(`${type}:${paymentId}:`) ? count : 0), 0);
}
