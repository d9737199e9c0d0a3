import { Get, Post } from '@nestjs/common';
import { expect, test } from 'vitest';
import { z } from 'zod';
import { Route } from './route.js';

const Answer = z.object({ orderId: z.int() });

test('the compiler holds a handler to the answer that its route promises', () => {
  class Controller {
    @Get()
    @Route({ summary: 'Right', answer: Answer })
    right() {
      return { orderId: 1 };
    }

    // @ts-expect-error -- orderId is promised
    @Route({ summary: 'Wrong', answer: Answer })
    wrong() {
      return { order: 1 };
    }

    // @ts-expect-error -- a number is promised
    @Route({ summary: 'Wrong later', answer: Answer })
    wrongLater() {
      return Promise.resolve({ orderId: '1' });
    }

    // @ts-expect-error -- nothing is promised
    @Route({ summary: 'Too much' })
    tooMuch() {
      return { orderId: 1 };
    }

    @Post()
    @Route({ summary: 'Either', answer: Answer, alternatives: { 202: z.object({ later: z.boolean() }) } })
    either(): Promise<{ orderId: number } | { later: boolean }> {
      return Promise.resolve({ later: true });
    }
  }
  expect(new Controller().right()).toEqual({ orderId: 1 });
});
