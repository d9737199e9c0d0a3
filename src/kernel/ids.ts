/** Ids are integers, branded so that an order id never stands where a product id belongs. */
type Id<Brand extends string> = number & { readonly id: Brand };

export type UserId = Id<'user'>;
export type ProductId = Id<'product'>;
export type ProductOptionId = Id<'product option'>;
export type OrderId = Id<'order'>;
export type CouponId = Id<'coupon'>;
export type UserCouponId = Id<'user coupon'>;
export type CartItemId = Id<'cart item'>;

/** One attempt to pay one order. Every event of that attempt carries it; it is the saga's id. */
export type PaymentId = Id<'payment'>;
