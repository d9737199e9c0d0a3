import { expect, test } from 'vitest';
import { SharedAnswers } from './shared-answers.js';

/** Finds when it is told to, and counts. */
function finder() {
  const found: PromiseWithResolvers<number>[] = [];
  const find = (): Promise<number> => {
    const finding = Promise.withResolvers<number>();
    found.push(finding);
    return finding.promise;
  };
  return { found, find };
}

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

test('whoever asks while an answer is being found shares the next one, which is looked for when that is there', async () => {
  const shared = new SharedAnswers<number>();
  const { found, find } = finder();
  const first = shared.ask('a', find);
  const crowd = [shared.ask('a', find), shared.ask('a', find), shared.ask('a', find)];
  expect(found).toHaveLength(1);
  found[0]?.resolve(1);
  expect(await first).toBe(1);
  await turn();
  expect(found).toHaveLength(2);
  const late = shared.ask('a', find);
  found[1]?.resolve(2);
  expect(await Promise.all(crowd)).toEqual([2, 2, 2]);
  await turn();
  found[2]?.resolve(3);
  expect(await late).toBe(3);
});

test('nobody waits for another question', async () => {
  const shared = new SharedAnswers<number>();
  const { found, find } = finder();
  void shared.ask('slow', find);
  const other = shared.ask('quick', find);
  found[1]?.resolve(7);
  expect(await other).toBe(7);
});

test('a fault is told to those who asked, and to nobody after them', async () => {
  const shared = new SharedAnswers<number>();
  const { found, find } = finder();
  const first = shared.ask('a', find);
  const second = shared.ask('a', find);
  found[0]?.reject(new Error('away'));
  await expect(first).rejects.toThrow('away');
  await turn();
  found[1]?.resolve(2);
  expect(await second).toBe(2);
  await turn();
  const third = shared.ask('a', find);
  expect(found).toHaveLength(3);
  found[2]?.resolve(3);
  expect(await third).toBe(3);
});
