import type { ProductId, ProductOptionId } from '../../kernel/ids.js';
import type { Money } from '../../kernel/money.js';
import { type Refusal, type Result, ok, refuse } from '../../kernel/result.js';
import type { ShelfOption, StockLine } from './stock.js';

/** One option of an order, with the name and price it is ordered at. */
export interface ReservedLine extends StockLine {
  readonly productId: ProductId;
  readonly name: string;
  readonly price: Money;
}

export type ReservationRefusal = Refusal<'PRODUCT_NOT_FOUND' | 'PRODUCT_NOT_ON_SALE' | 'INSUFFICIENT_STOCK'>;
export type Reservation = Result<readonly ReservedLine[], ReservationRefusal>;

/**
 * Decides on a batch of orders, one after the other: each sees what those before it have left, and a refused one takes
 * nothing. The lines of one option are merged; an order gets all of its lines or none.
 */
export function decideReservations(shelf: readonly ShelfOption[], orders: readonly (readonly StockLine[])[]): Reservation[] {
  const options = new Map(shelf.map((option) => [option.productOptionId, option]));
  const available = new Map(shelf.map((option) => [option.productOptionId, option.available]));
  return orders.map((lines) => {
    const reservation = decideReservation(options, available, merged(lines));
    if (reservation.ok) for (const line of reservation.value) take(available, line);
    return reservation;
  });
}

function decideReservation(
  options: ReadonlyMap<ProductOptionId, ShelfOption>,
  available: ReadonlyMap<ProductOptionId, number>,
  lines: readonly StockLine[],
): Reservation {
  const reserved: ReservedLine[] = [];
  for (const { productOptionId, quantity } of lines) {
    const option = options.get(productOptionId);
    const left = available.get(productOptionId) ?? 0;
    if (!option) return refuse('PRODUCT_NOT_FOUND', `there is no product option ${productOptionId}`, { productOptionId });
    if (!option.onSale) return refuse('PRODUCT_NOT_ON_SALE', `${option.name} is not on sale`, { productOptionId });
    if (quantity > left) return insufficientStock(option, quantity, left);
    reserved.push({ productOptionId, quantity, productId: option.productId, name: option.name, price: option.price });
  }
  return ok(reserved);
}

const insufficientStock = ({ name, productOptionId }: ShelfOption, requested: number, available: number) =>
  refuse('INSUFFICIENT_STOCK', `${requested} of ${name} were asked for, ${available} are available`, {
    productOptionId,
    requested,
    available,
  });

function merged(lines: readonly StockLine[]): StockLine[] {
  const quantities = new Map<ProductOptionId, number>();
  for (const { productOptionId, quantity } of lines) quantities.set(productOptionId, (quantities.get(productOptionId) ?? 0) + quantity);
  return [...quantities].map(([productOptionId, quantity]) => ({ productOptionId, quantity }));
}

function take(available: Map<ProductOptionId, number>, { productOptionId, quantity }: StockLine): void {
  available.set(productOptionId, (available.get(productOptionId) ?? 0) - quantity);
}
