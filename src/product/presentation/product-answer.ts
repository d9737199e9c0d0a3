import type { z } from 'zod';
import { ProblemError } from '../../http/problem.js';
import type { ProductId } from '../../kernel/ids.js';
import type { ProductDetail } from '../application/product-queries.port.js';
import type { Product } from './product-schemas.js';

/** @throws ProblemError when there is no such product. */
export function productAnswer(id: ProductId, detail: ProductDetail | undefined, currency: string): z.output<typeof Product> {
  if (!detail) throw new ProblemError({ code: 'PRODUCT_NOT_FOUND', message: `there is no product ${id}` });
  return { ...detail, currency, createdAt: detail.createdAt.toISOString() };
}
