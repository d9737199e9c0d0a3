import type { OrderId, PaymentId, UserId } from '../../kernel/ids.js';

/** What a customer gets for a paid order. Amounts in the minor unit, times in ISO 8601. */
export interface Receipt {
  readonly orderId: OrderId;
  readonly paymentId: PaymentId;
  readonly userId: UserId;
  readonly items: readonly {
    readonly name: string;
    readonly price: number;
    readonly quantity: number;
    readonly subtotal: number;
  }[];
  readonly totalAmount: number;
  readonly discountAmount: number;
  readonly finalAmount: number;
  readonly currency: string;
  readonly paidAt: string;
}

/** The receipt as a sentence: `Thank you. You paid ₩40,000 for order 17: 2 × Linen shirt (blue, M).` */
export function receiptText({ orderId, items, finalAmount, currency }: Receipt): string {
  const bought = items.map(({ quantity, name }) => `${quantity} × ${name}`).join(', ');
  return `Thank you. You paid ${amountText(finalAmount, currency)} for order ${orderId}: ${bought}.`;
}

/** Making one costs far more than using it, and a shop has one currency. */
const formats = new Map<string, Intl.NumberFormat>();

/** 123456 pence are £1,234.56. The decimal point is moved in the text: no amount becomes a floating-point number. */
function amountText(minorUnits: number, currency: string): string {
  const format = formats.get(currency) ?? new Intl.NumberFormat('en', { style: 'currency', currency });
  formats.set(currency, format);
  const digits = format.resolvedOptions().maximumFractionDigits ?? 0;
  return format.format(`${minorUnits}E-${digits}` as `${number}`);
}
