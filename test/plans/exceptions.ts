/** Statements that cannot be planned. */
export const NOT_PLANNED: readonly { readonly names: RegExp; readonly why: string }[] = [
  { names: /^messaging\.<domain>\.(make|attach|detach|drop)-partition-/, why: 'they make and drop partitions: there is nothing to plan' },
];

/** Statements that cost more in a grown shop. Name → why that is right. */
export const EXCEPTIONS: Readonly<Record<string, string>> = {
  'coupon.detail': 'for operators: counts the uses of one coupon, from an index that has nothing else',
  'coupon.list-current': 'passes only over coupons that are announced and cannot be had yet',
  'messaging.<domain>.count-parked-events': 'a gauge, which is read once in a while: counts what one subscriber has parked',
  'messaging.<domain>.list-dead-letter-actions': 'passes only over those of one instant',
  'messaging.<domain>.list-dead-letters': 'for operators: newest first, and passes over those that are not asked for',
  'messaging.<domain>.parked-outlook': 'asks whether there is one, of an index that has nothing else',
  'messaging.<domain>.promote-parked-events': 'looks through what waits behind others, when nothing else is due',
  'messaging.<domain>.read-events': 'sorts one batch: at most as many rows as there are shards, times the batch',
  'messaging.<domain>.revive-dead-letters': 'an operator retries all dead letters, a thousand in a transaction',
  'notification.list-alerts-acknowledged': 'passes only over alerts that nobody has acknowledged yet',
  'order.end-leases': 'once, at the start of the only process: all that was under way, from an index that has nothing else',
  'order.ids-paid-in': 'an operator compares a period with the data platform: reads the pages of that period, found by a BRIN index',
  'order.list-payments-under-way': 'all that is under way, from an index that has nothing else',
  'order.paid-in': 'between the first and the last order of a period nearly all are of that period',
  'product.list-category-popular': 'at the end of the list alone: passes over the products of the category that sold lately',
  'product.list-popular': 'at the end of the list alone: passes over the products that sold lately',
  'product.list-popular-of-all': 'where the best of each day do not decide it: adds up the sales of seven days, by an index of each day',
};

/** Statements that may read a whole table in a shop that has just opened. Name → why that does no harm. */
export const EXCEPTIONS_AT_FIRST: Readonly<Record<string, string>> = {
  'http.purge-idempotency-keys': 'every ten minutes, and there is nothing to purge on the first day',
};
