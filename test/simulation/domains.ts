export const DOMAINS = ['order', 'product', 'coupon', 'user'] as const;
export type Domain = (typeof DOMAINS)[number];

export const ofDomains = <Part>(make: (domain: Domain) => Part): Readonly<Record<Domain, Part>> => ({
  order: make('order'),
  product: make('product'),
  coupon: make('coupon'),
  user: make('user'),
});

/** The cart and the notifications take no part in the simulation. */
export const isSimulated = (subscriber: string): boolean => DOMAINS.some((domain) => subscriber.startsWith(`${domain}.`));
