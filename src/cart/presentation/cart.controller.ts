import { Body, Controller, Delete, Get, Inject, Param, Patch, Post } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { z } from 'zod';
import type { Config } from '../../config/config.js';
import { CONFIG } from '../../config/config.module.js';
import { UserParam } from '../../http/auth/caller.js';
import { Idempotent } from '../../http/idempotency/idempotent.js';
import { orProblem } from '../../http/problem.js';
import { declareProblems } from '../../http/problem-codes.js';
import { Route } from '../../http/route.js';
import { idField, idParam, quantityField } from '../../http/schemas.js';
import type { CartItemId, ProductId, ProductOptionId, UserId } from '../../kernel/ids.js';
import { toJson } from '../../kernel/money.js';
import { AddCartItemUseCase } from '../application/add-cart-item.use-case.js';
import { ChangeCartItemUseCase } from '../application/change-cart-item.use-case.js';
import { ClearCartUseCase } from '../application/clear-cart.use-case.js';
import { GetCartUseCase } from '../application/get-cart.use-case.js';
import { RemoveCartItemUseCase } from '../application/remove-cart-item.use-case.js';
import type { PricedItem } from '../domain/cart.js';

declareProblems({ CART_FULL: 422 });

const NewCartItem = z.object({ productOptionId: idField<ProductOptionId>(), quantity: quantityField }).meta({ id: 'NewCartItem' });
const CartItemChange = z.object({ quantity: quantityField }).meta({ id: 'CartItemChange' });

const CartItemAnswer = z
  .object({
    cartItemId: idField<CartItemId>(),
    productId: idField<ProductId>(),
    productOptionId: idField<ProductOptionId>(),
    name: z.string().describe('Of the product'),
    optionName: z.string(),
    price: z.int().describe('Of one piece, today'),
    quantity: z.int(),
    subtotal: z.int(),
    available: z.int().describe('How many pieces could be ordered now'),
    problem: z
      .enum(['PRODUCT_NOT_ON_SALE', 'INSUFFICIENT_STOCK'])
      .nullable()
      .describe('Why an order of this item would be refused now; null when it would not'),
  })
  .meta({ id: 'CartItem' });

const CartAnswer = z
  .object({ items: z.array(CartItemAnswer), totalAmount: z.int().describe('All subtotals together'), currency: z.string() })
  .meta({ id: 'Cart' });

const itemIdParam = idParam<CartItemId>();

@ApiTags('cart')
@Controller('api/users/:id/cart')
export class CartController {
  constructor(
    private readonly getCart: GetCartUseCase,
    private readonly addItem: AddCartItemUseCase,
    private readonly changeItem: ChangeCartItemUseCase,
    private readonly removeItem: RemoveCartItemUseCase,
    private readonly clearCart: ClearCartUseCase,
    @Inject(CONFIG) private readonly config: Config,
  ) {}

  @Get()
  @Route({ summary: "A user's cart, in the order in which it was filled", answer: CartAnswer, problems: ['USER_NOT_FOUND'] })
  async list(@UserParam() userId: UserId) {
    const { items, totalAmount } = orProblem(await this.getCart.execute(userId));
    return { items: items.map(cartItem), totalAmount: toJson(totalAmount), currency: this.config.currency.code };
  }

  @Post()
  @Idempotent()
  @Route({
    summary: 'Put an option into the cart; the same option adds up',
    answer: CartItemAnswer,
    status: 201,
    problems: ['USER_NOT_FOUND', 'PRODUCT_NOT_FOUND', 'PRODUCT_NOT_ON_SALE', 'INSUFFICIENT_STOCK', 'CART_FULL'],
  })
  async add(@UserParam() userId: UserId, @Body({ schema: NewCartItem }) body: z.output<typeof NewCartItem>) {
    return cartItem(orProblem(await this.addItem.execute({ userId, ...body })));
  }

  @Patch(':cartItemId')
  @Route({
    summary: 'Set the quantity of an item',
    answer: CartItemAnswer,
    problems: ['USER_NOT_FOUND', 'CART_ITEM_NOT_FOUND', 'PRODUCT_NOT_ON_SALE', 'INSUFFICIENT_STOCK'],
  })
  async change(
    @UserParam() userId: UserId,
    @Param('cartItemId', { schema: itemIdParam }) cartItemId: CartItemId,
    @Body({ schema: CartItemChange }) { quantity }: z.output<typeof CartItemChange>,
  ) {
    return cartItem(orProblem(await this.changeItem.execute({ userId, cartItemId, quantity })));
  }

  @Delete(':cartItemId')
  @Route({ summary: 'Take an item out of the cart', problems: ['USER_NOT_FOUND', 'CART_ITEM_NOT_FOUND'] })
  async remove(@UserParam() userId: UserId, @Param('cartItemId', { schema: itemIdParam }) cartItemId: CartItemId) {
    orProblem(await this.removeItem.execute(userId, cartItemId));
  }

  @Delete()
  @Route({ summary: 'Empty the cart', problems: ['USER_NOT_FOUND'] })
  async clear(@UserParam() userId: UserId) {
    await this.clearCart.execute(userId);
  }
}

function cartItem({ onSale: _, price, subtotal, ...item }: PricedItem): z.output<typeof CartItemAnswer> {
  return { ...item, price: toJson(price), subtotal: toJson(subtotal) };
}
