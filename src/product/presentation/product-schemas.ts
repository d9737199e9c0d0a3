import { z } from 'zod';
import { keysetCursor } from '../../http/keyset-cursor.js';
import { idField, instant, intParam, limitParam, priceField, QUANTITY_MAX, quantityField, textField } from '../../http/schemas.js';
import type { ProductId, ProductOptionId } from '../../kernel/ids.js';
import { POPULAR_DAYS, PRODUCT_SORTS } from '../application/product-queries.port.js';
import { PRODUCT_OPTIONS_MAX } from '../domain/product.repository.js';

const NAME_CHARACTERS_MAX = 200;
const CATEGORY_CHARACTERS_MAX = 100;
const DESCRIPTION_CHARACTERS_MAX = 5_000;
const NOTE_CHARACTERS_MAX = 500;
const TOP_DAYS_MAX = 90;
const TOP_ROWS_MAX = 100;

const sort = z.enum(PRODUCT_SORTS);

/** The sort is part of the cursor: a position in one list says nothing in another. */
export const productCursor = keysetCursor(z.object({ sort, rank: z.int().min(0), productId: idField<ProductId>() }));

export const ListQuery = z
  .object({
    category: textField({ max: CATEGORY_CHARACTERS_MAX }).optional(),
    sort: sort.default('latest').describe(`\`popular\`: by units sold on the last ${POPULAR_DAYS} days (UTC), today included`),
    cursor: productCursor.param.optional(),
    limit: limitParam,
  })
  .refine((query) => query.cursor === undefined || query.cursor.sort === query.sort, {
    path: ['cursor'],
    message: 'send the cursor with the sort that it came from',
  });

export const TopQuery = z.object({
  days: intParam(1, TOP_DAYS_MAX).default(3).describe('Days in UTC, today included'),
  limit: intParam(1, TOP_ROWS_MAX).default(5),
});

const productFields = {
  name: textField({ max: NAME_CHARACTERS_MAX }),
  description: textField({ max: DESCRIPTION_CHARACTERS_MAX, min: 0, multiline: true }),
  category: textField({ max: CATEGORY_CHARACTERS_MAX }),
  price: priceField,
  onSale: z.boolean(),
};

export const CreateProduct = z.object({
  ...productFields,
  description: productFields.description.default(''),
  onSale: productFields.onSale.default(true),
  options: z
    .array(z.object({ name: productFields.name, stock: z.int().min(0).max(QUANTITY_MAX) }))
    .min(1)
    .max(PRODUCT_OPTIONS_MAX)
    .superRefine(refuseRepeatedNames),
});

export const ChangeProduct = z
  .object(productFields)
  .partial()
  .refine((changes) => Object.values(changes).some((value) => value !== undefined), 'send at least one of the fields');

export const ReceiveStock = z.object({
  quantity: quantityField,
  note: textField({ max: NOTE_CHARACTERS_MAX, multiline: true }).optional(),
});

const price = z.int().describe('In the minor unit of the currency');
const currency = z.string().describe('ISO 4217');

export const ListedProduct = z
  .object({ productId: idField<ProductId>(), name: z.string(), price, currency, category: z.string(), onSale: z.boolean() })
  .meta({ id: 'ListedProduct' });

export const Product = z
  .object({
    ...ListedProduct.shape,
    description: z.string(),
    createdAt: instant,
    options: z.array(
      z.object({
        productOptionId: idField<ProductOptionId>(),
        name: z.string(),
        stock: z.int().describe('Pieces on hand'),
        available: z.int().describe('Pieces that nobody has set aside'),
      }),
    ),
  })
  .meta({ id: 'Product' });

export const TopSellers = z
  .object({
    items: z.array(
      z.object({
        rank: z.int(),
        productId: idField<ProductId>(),
        name: z.string(),
        price,
        currency,
        salesCount: z.int().describe('Units sold'),
        lastSoldAt: instant,
      }),
    ),
    since: instant.describe('The first moment that counts'),
  })
  .meta({ id: 'TopSellers' });

export const StockLevel = z.object({ stock: z.int(), available: z.int() }).meta({ id: 'StockLevel' });

function refuseRepeatedNames(options: readonly { readonly name: string }[], context: z.RefinementCtx): void {
  const seen = new Set<string>();
  for (const [index, { name }] of options.entries()) {
    if (seen.has(name)) context.addIssue({ code: 'custom', path: [index, 'name'], message: 'give each option a name of its own' });
    seen.add(name);
  }
}
