/** The one table from problem code to HTTP status (DESIGN §10). Domains add theirs with {@link declareProblems}. */
const statusByCode = new Map<string, number>(
  Object.entries({
    VALIDATION_FAILED: 400,
    UNAUTHENTICATED: 401,
    INVALID_CREDENTIALS: 401,
    FORBIDDEN: 403,
    NOT_FOUND: 404,
    PRODUCT_NOT_FOUND: 404,
    PRODUCT_OPTION_NOT_FOUND: 404,
    ORDER_NOT_FOUND: 404,
    PAYMENT_NOT_FOUND: 404,
    COUPON_NOT_FOUND: 404,
    USER_NOT_FOUND: 404,
    CART_ITEM_NOT_FOUND: 404,
    METHOD_NOT_ALLOWED: 405,
    REQUEST_TIMEOUT: 408,
    PAYMENT_IN_PROGRESS: 409,
    ALREADY_PAID: 409,
    ALREADY_ISSUED: 409,
    EMAIL_TAKEN: 409,
    IDEMPOTENCY_IN_FLIGHT: 409,
    PAYLOAD_TOO_LARGE: 413,
    URI_TOO_LONG: 414,
    UNSUPPORTED_MEDIA_TYPE: 415,
    EXPECTATION_FAILED: 417,
    INSUFFICIENT_STOCK: 422,
    INSUFFICIENT_BALANCE: 422,
    ORDER_EXPIRED: 422,
    ORDER_CANCELLED: 422,
    HOLD_EXPIRED: 422,
    COUPON_SOLD_OUT: 422,
    INVALID_COUPON: 422,
    EXPIRED_COUPON: 422,
    ALREADY_USED: 422,
    EMPTY_CART: 422,
    PRODUCT_NOT_ON_SALE: 422,
    IDEMPOTENCY_KEY_REUSED: 422,
    RATE_LIMITED: 429,
    HEADERS_TOO_LARGE: 431,
    INTERNAL: 500,
    OVERLOADED: 503,
    UNAVAILABLE: 503,
    PAYMENT_TIMEOUT: 504,
  }),
);

/** A refusal whose code nobody declared is still a "no" of the business, so it must not become a 500. */
const STATUS_OF_UNDECLARED = 422;

/**
 * Adds codes of a domain, at the top of its presentation file: `declareProblems({ ADDRESS_UNKNOWN: 422 })`.
 * @throws Error when a code already has another status: a code means one thing in the whole API.
 */
export function declareProblems(statuses: Readonly<Record<string, number>>): void {
  for (const [code, status] of Object.entries(statuses)) {
    const known = statusByCode.get(code);
    if (known !== undefined && known !== status) throw new Error(`problem code ${code} already means status ${known}`);
    statusByCode.set(code, status);
  }
}

export const isDeclaredProblem = (code: string): boolean => statusByCode.has(code);

export const statusOfCode = (code: string): number => statusByCode.get(code) ?? STATUS_OF_UNDECLARED;

/** The code that says what a bare HTTP status says, for errors that the framework raises. */
export function codeOfStatus(status: number): string {
  if (status === 400) return 'VALIDATION_FAILED';
  for (const code of FRAMEWORK_CODES) if (statusOfCode(code) === status) return code;
  return status >= 500 ? 'INTERNAL' : 'VALIDATION_FAILED';
}

const FRAMEWORK_CODES = [
  'UNAUTHENTICATED',
  'FORBIDDEN',
  'NOT_FOUND',
  'METHOD_NOT_ALLOWED',
  'REQUEST_TIMEOUT',
  'PAYLOAD_TOO_LARGE',
  'URI_TOO_LONG',
  'UNSUPPORTED_MEDIA_TYPE',
  'EXPECTATION_FAILED',
  'RATE_LIMITED',
  'HEADERS_TOO_LARGE',
  'UNAVAILABLE',
];

/** `INSUFFICIENT_STOCK` → `Insufficient stock`: the same for every occurrence, as RFC 9457 asks of a title. */
export const titleOfCode = (code: string): string => code.charAt(0) + code.slice(1).toLowerCase().replaceAll('_', ' ');

export const typeOfCode = (code: string): string => `urn:ordersaga:problem:${code.toLowerCase().replaceAll('_', '-')}`;
