export const OPERATOR = { email: 'operator@example.com', password: 'operator-password' };

// oxlint-disable-next-line typescript/no-explicit-any -- tests look into answers at many places
type Json = any;

export interface Answer<Body = Json> {
  readonly status: number;
  readonly body: Body;
  readonly headers: Headers;
}

export interface CallOptions {
  readonly token?: string | undefined;
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
}

export interface ShopClient {
  readonly address: string;
  /** `api('POST', '/api/orders', { token, body })` over the wire. */
  api<Body = Json>(method: string, path: string, options?: CallOptions): Promise<Answer<Body>>;
  operatorToken(): Promise<string>;
  /** A new customer, topped up. */
  customer(balance?: number): Promise<{ readonly userId: number; readonly token: string; readonly email: string }>;
  /** A new product on sale with one option per stock figure. */
  product(options: {
    readonly price: number;
    readonly stock: readonly number[];
    readonly name?: string;
    readonly category?: string;
  }): Promise<{
    readonly productId: number;
    readonly optionIds: readonly number[];
  }>;
}

/** Customers and operators of the shop at `address`, whose first operator is {@link OPERATOR}. */
export function clientOf(address: string): ShopClient {
  let operator: Promise<string> | undefined;
  let customers = 0;

  const api: ShopClient['api'] = async (method, path, { token, body, headers } = {}) => {
    const response = await fetch(address + path, {
      method,
      headers: {
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
        ...headers,
      },
      ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
    });
    const text = await response.text();
    return { status: response.status, body: text === '' ? null : JSON.parse(text), headers: response.headers };
  };
  const operatorToken = (): Promise<string> =>
    (operator ??= must(api('POST', '/api/auth/login', { body: OPERATOR }), 200).then((body) => body.accessToken));

  return {
    address,
    api,
    operatorToken,
    async customer(balance = 0) {
      const email = `customer-${++customers}@example.com`;
      const { userId, accessToken } = await must(api('POST', '/api/auth/signup', { body: { email, password: 'customer-password' } }), 201);
      if (balance > 0) {
        await must(api('POST', `/api/users/${userId}/balance/charges`, { token: await operatorToken(), body: { amount: balance } }), 201);
      }
      return { userId, token: accessToken, email };
    },
    async product({ price, stock, name = 'A thing', category = 'things' }) {
      const options = stock.map((pieces, index) => ({ name: `option ${index + 1}`, stock: pieces }));
      const body = { name, category, price, options };
      const created = await must(api('POST', '/api/admin/products', { token: await operatorToken(), body }), 201);
      return {
        productId: created.productId,
        optionIds: created.options.map((option: { productOptionId: number }) => option.productOptionId),
      };
    },
  };
}

async function must(answering: Promise<Answer>, status: number): Promise<Json> {
  const answer = await answering;
  if (answer.status !== status) throw new Error(`expected ${status}, got ${answer.status}: ${JSON.stringify(answer.body)}`);
  return answer.body;
}
