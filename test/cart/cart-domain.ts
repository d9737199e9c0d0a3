import { setTimeout as sleep } from 'node:timers/promises';
import { AddCartItemUseCase } from '../../src/cart/application/add-cart-item.use-case.js';
import { ChangeCartItemUseCase } from '../../src/cart/application/change-cart-item.use-case.js';
import { ClearCartUseCase } from '../../src/cart/application/clear-cart.use-case.js';
import { GetCartUseCase } from '../../src/cart/application/get-cart.use-case.js';
import { OnOrderCollectingListener } from '../../src/cart/application/listeners/on-order-collecting.listener.js';
import { OnOrderProcessedListener } from '../../src/cart/application/listeners/on-order-processed.listener.js';
import { OnProductChangedListener } from '../../src/cart/application/listeners/on-product-changed.listener.js';
import { RemoveCartItemUseCase } from '../../src/cart/application/remove-cart-item.use-case.js';
import { PgCartQueries } from '../../src/cart/infrastructure/pg-cart-queries.js';
import { PgCartRepository } from '../../src/cart/infrastructure/pg-cart.repository.js';
import { PgProductCopyRepository } from '../../src/cart/infrastructure/pg-product-copy.repository.js';
import { sql } from '../../src/database/database.js';
import { Databases } from '../../src/database/databases.js';
import { SystemClock } from '../../src/kernel/clock.js';
import type { CartItemId, ProductOptionId, UserId } from '../../src/kernel/ids.js';
import { EventCatalogue } from '../../src/messaging/event-catalogue.js';
import { InProcessMessaging } from '../../src/messaging/in-process/in-process-messaging.js';
import { subscriptionsOf } from '../../src/messaging/listener.js';
import { OrderCollecting } from '../../src/order/application/events/order-collecting.event.js';
import { OrderProcessed } from '../../src/order/application/events/order-processed.event.js';
import { ProductChanged } from '../../src/product/application/events/product-changed.event.js';
import { freshDatabase } from '../support/database.js';

/** The events of the shop as far as carts are concerned. */
const catalogue = new EventCatalogue([
  { event: OrderCollecting, publishers: ['order'], subscribers: ['cart.list-lines'] },
  { event: OrderProcessed, publishers: ['order'], subscribers: ['cart.empty-cart'] },
  { event: ProductChanged, publishers: ['product'], subscribers: ['cart.copy-product'] },
]);

const SETTLE_POLL_MS = 5;

interface Line {
  readonly productOptionId: number;
  readonly quantity: number;
}

interface Told {
  readonly productId?: number;
  readonly revision?: number;
  readonly name?: string;
  readonly price?: number;
  readonly onSale?: boolean;
  /** Option id → available. */
  readonly options: Readonly<Record<number, number>>;
}

const changed = ({ productId = 1, revision = 1, name = 'A thing', price = 1_000, onSale = true, options }: Told) => ({
  productId,
  revision,
  name,
  price,
  onSale,
  options: Object.entries(options).map(([id, available]) => ({ productOptionId: Number(id), name: `option ${id}`, available })),
});

export type CartDomain = Awaited<ReturnType<typeof startCartDomain>>;

/** The cart domain on a database of its own, with the real bus before it. */
export async function startCartDomain() {
  const fresh = await freshDatabase();
  const databases = new Databases({ url: fresh.url });
  const database = databases.of('cart');
  const messaging = new InProcessMessaging(catalogue, databases, new SystemClock());
  const carts = new PgCartRepository();
  const queries = new PgCartQueries(database);
  const onProductChanged = new OnProductChangedListener(new PgProductCopyRepository());
  const listeners = [new OnOrderCollectingListener(queries), new OnOrderProcessedListener(carts), onProductChanged];
  await messaging.start(
    listeners.flatMap((target) =>
      subscriptionsOf(Object.getPrototypeOf(target) as object).map((subscription) => ({ subscription, target })),
    ),
  );
  let orders = 0;

  const settle = async (): Promise<void> => {
    while ((await messaging.lag()).some(({ events }) => events > 0)) await sleep(SETTLE_POLL_MS);
  };
  const rows = <Row extends object>(text: string, values: readonly unknown[] = []): Promise<Row[]> =>
    database.query<Row>(sql(`test.${text.length}.${text.slice(0, 40)}`, text), values);

  return {
    settle,
    rows,
    add: (userId: number, productOptionId: number, quantity = 1) =>
      new AddCartItemUseCase(database, carts).execute({
        userId: userId as UserId,
        productOptionId: productOptionId as ProductOptionId,
        quantity,
      }),
    change: (userId: number, cartItemId: number, quantity: number) =>
      new ChangeCartItemUseCase(database, carts).execute({ userId: userId as UserId, cartItemId: cartItemId as CartItemId, quantity }),
    remove: (userId: number, cartItemId: number) =>
      new RemoveCartItemUseCase(database, carts).execute(userId as UserId, cartItemId as CartItemId),
    clear: (userId: number) => new ClearCartUseCase(database, carts).execute(userId as UserId),
    cart: (userId: number) => new GetCartUseCase(queries).execute(userId as UserId),

    /** What a cart holds, option by option. */
    async held(userId: number): Promise<Readonly<Record<number, number>>> {
      const items = await queries.itemsOf(userId as UserId);
      return Object.fromEntries(items.map(({ productOptionId, quantity }) => [productOptionId, quantity]));
    },

    /** Tells the cart of products, all in one transaction of the product domain. */
    async tell(...products: readonly Told[]): Promise<void> {
      const events = products.map((each) => ProductChanged.of(changed(each)));
      await databases.of('product').run((tx) => messaging.bus.emit(tx, ...events));
      await settle();
    },

    /** The same as one batch that the listener must handle as a whole: the bus would split one that fails. */
    async tellAtOnce(...products: readonly Told[]): Promise<void> {
      const events = products.map((each) => ProductChanged.seal(changed(each), 'product', new Date()));
      await database.run((tx) => onProductChanged.copyProducts(tx, events));
    },

    /** Orders of these lines are paid, all in one transaction of the order domain; does not wait for the cart. */
    async paid(...purchases: readonly { readonly userId: number; readonly lines: readonly Line[] }[]): Promise<void> {
      const events = purchases.map(({ userId, lines }) => {
        const orderId = ++orders;
        const items = lines.map((line) => ({ ...line, productId: 1, name: 'A thing', price: 0, subtotal: 0 }));
        const amounts = { totalAmount: 0, discountAmount: 0, finalAmount: 0, currency: 'KRW', couponId: null };
        return OrderProcessed.of({ orderId, paymentId: orderId, userId, items, ...amounts, paidAt: new Date().toISOString() });
      });
      await databases.of('order').run((tx) => messaging.bus.emit(tx, ...events));
    },

    collect: (userId: number) => messaging.bus.emitAsync(OrderCollecting.of({ orderId: ++orders, userId })),

    async stop(): Promise<void> {
      await messaging.stop();
      await databases.close();
      await fresh.drop();
    },
  };
}
