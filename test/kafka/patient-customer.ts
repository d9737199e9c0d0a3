import { setTimeout as sleep } from 'node:timers/promises';
import type { Answer, ShopClient } from '../support/client.js';

const ANSWER_MS_MAX = 30_000;
const ASK_AGAIN_MS = 200;
const ENDED = new Set(['PAID', 'REFUSED']);

/** Orders and pays as a client does over a network: what is not available for now is asked for again. */
export function patientCustomer(shop: ShopClient, token: string) {
  async function asked(method: string, path: string, isAnswer: (answer: Answer) => boolean, body?: object): Promise<Answer> {
    for (const giveUpAt = Date.now() + ANSWER_MS_MAX; ; await sleep(ASK_AGAIN_MS)) {
      const answer = await shop.api(method, path, { token, body });
      if (isAnswer(answer) || Date.now() > giveUpAt) return answer;
    }
  }
  return {
    order: async (productOptionId: number): Promise<number> =>
      (await asked('POST', '/api/orders', ({ status }) => status !== 503, { items: [{ productOptionId, quantity: 1 }] })).body.orderId,

    /** How the payment ends. */
    async pay(orderId: number): Promise<{ readonly status: string; readonly errorCode: string | null }> {
      await asked('POST', `/api/orders/${orderId}/payment`, ({ status }) => status !== 503, {});
      return (await asked('GET', `/api/orders/${orderId}/payment`, ({ body }) => ENDED.has(body.status))).body;
    },
  };
}
