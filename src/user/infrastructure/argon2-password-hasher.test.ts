import { describe, expect, test } from 'vitest';
import { Overloaded } from '../../kernel/faults.js';
import { Argon2PasswordHasher } from './argon2-password-hasher.js';

const hasher = new Argon2PasswordHasher();

describe('a password', () => {
  test('is recognised by its hash, and another is not', async () => {
    const hash = await hasher.hash('correct horse');
    expect(hash).toMatch(/^\$argon2id\$v=19\$m=19456,t=2,p=1\$/);
    expect(await hasher.verify('correct horse', hash)).toBe(true);
    expect(await hasher.verify('correct horsf', hash)).toBe(false);
  });

  test('has another hash each time', async () => {
    expect(await hasher.hash('the same')).not.toBe(await hasher.hash('the same'));
  });

  test('is the same however its letters are composed', async () => {
    expect(await hasher.verify('caf\u0065\u0301', await hasher.hash('caf\u00e9'))).toBe(true);
  });

  test('of nobody never matches, but is worked on all the same', async () => {
    expect(await hasher.verify('anything', null)).toBe(false);
  });

  test('with a hash that is none is a fault, not a wrong password', async () => {
    await expect(hasher.verify('anything', 'plain text')).rejects.toThrow('not readable');
  });
});

test('what is beyond the queue is refused at once, and the others are served', async () => {
  const narrow = new Argon2PasswordHasher({ atOnceMax: 1, waitingMax: 1 });
  const results = await Promise.allSettled(['first', 'second', 'third'].map((password) => narrow.hash(password)));
  expect(results.map(({ status }) => status)).toEqual(['fulfilled', 'fulfilled', 'rejected']);
  expect((results[2] as PromiseRejectedResult).reason).toBeInstanceOf(Overloaded);
  await expect(narrow.hash('later')).resolves.toBeTypeOf('string');
});
