import { AlertRaised } from './messaging/alert-raised.event.js';
import { type CatalogueEntry, EventCatalogue } from './messaging/event-catalogue.js';
import { domainOf } from './messaging/listener.js';
import { OrderCancelled } from './order/application/events/order-cancelled.event.js';
import { OrderCollecting } from './order/application/events/order-collecting.event.js';
import { OrderExpired } from './order/application/events/order-expired.event.js';
import { OrderPaymentFailDone } from './order/application/events/order-payment-fail-done.event.js';
import { OrderPaymentFail } from './order/application/events/order-payment-fail.event.js';
import { OrderPayment } from './order/application/events/order-payment.event.js';
import { OrderPlacing } from './order/application/events/order-placing.event.js';
import { OrderProcessed } from './order/application/events/order-processed.event.js';
import { OrderProcessingFailDone } from './order/application/events/order-processing-fail-done.event.js';
import { OrderProcessingFail } from './order/application/events/order-processing-fail.event.js';
import { OrderProcessing } from './order/application/events/order-processing.event.js';
import { ProductChanged } from './product/application/events/product-changed.event.js';

const domainEvents: readonly CatalogueEntry[] = [
  { event: OrderCollecting, publishers: ['order'], subscribers: ['cart.list-lines'] },
  { event: OrderPlacing, publishers: ['order'], subscribers: ['product.reserve-stock'] },
  { event: OrderProcessing, publishers: ['order'], subscribers: ['product.confirm-stock', 'coupon.use-coupon'] },
  { event: OrderPayment, publishers: ['order'], subscribers: ['user.deduct-balance'] },
  {
    event: OrderProcessed,
    publishers: ['order'],
    subscribers: [
      'order.data-platform',
      'product.rank-sales',
      'cart.empty-cart',
      'notification.write-receipt',
      'notification.send-receipt',
    ],
  },
  {
    event: OrderProcessingFail,
    publishers: ['product', 'coupon'],
    subscribers: ['product.roll-back-stock', 'coupon.cancel-use', 'order.back-to-pending'],
    neverGivesUp: true,
  },
  {
    event: OrderPaymentFail,
    publishers: ['user', 'order'],
    subscribers: ['product.roll-back-stock', 'coupon.cancel-use', 'user.void-charge', 'order.back-to-pending'],
    neverGivesUp: true,
  },
  { event: OrderProcessingFailDone, publishers: ['product', 'coupon'], subscribers: ['order.await-compensations'], neverGivesUp: true },
  {
    event: OrderPaymentFailDone,
    publishers: ['product', 'coupon', 'user'],
    subscribers: ['order.await-compensations'],
    neverGivesUp: true,
  },
  { event: OrderExpired, publishers: ['order'], subscribers: ['product.release-stock'], neverGivesUp: true },
  { event: OrderCancelled, publishers: ['order'], subscribers: ['product.release-stock'], neverGivesUp: true },
  { event: ProductChanged, publishers: ['product'], subscribers: ['cart.copy-product'] },
];

/** A listener of durable events may fail on one, and its domain says so. */
const domainsThatListen = new Set(
  domainEvents.flatMap(({ event, subscribers }) => (event.kind === 'durable' ? subscribers.map(domainOf) : [])),
);

/**
 * Every event of the shop: who publishes it, who listens. A new feature is a new listener and its line here;
 * start-up fails when this list and the listeners differ.
 */
export const eventCatalogue = new EventCatalogue([
  ...domainEvents,
  { event: AlertRaised, publishers: [...domainsThatListen], subscribers: ['notification.record-alert', 'notification.send-alert'] },
]);
