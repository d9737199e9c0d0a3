import { Injectable, Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { expect, test } from 'vitest';

@Injectable()
class Stock {
  readonly available = 3;
}

@Injectable()
class Shelf {
  // No @Inject: Nest finds the class through `design:paramtypes`, which the compiler must have written.
  constructor(readonly stock: Stock) {}
}

@Module({ providers: [Stock, Shelf] })
class ShelfModule {}

test('the test compiler emits the metadata by which Nest resolves constructor parameters', async () => {
  expect(Reflect.getMetadata('design:paramtypes', Shelf)).toEqual([Stock]);
  const app = await NestFactory.createApplicationContext(ShelfModule, { logger: false });
  expect(app.get(Shelf).stock.available).toBe(3);
  await app.close();
});
