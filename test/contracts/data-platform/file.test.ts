import { appendFile, mkdtemp, readFile, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { FileDataPlatform } from '../../../src/order/infrastructure/file-data-platform.js';
import { type PlatformUnderTest, dataPlatformContract } from './data-platform-contract.js';
import { idsOf, paidOrder } from './paid-order-events.js';

interface Files extends PlatformUnderTest {
  readonly platform: FileDataPlatform;
  readonly folder: string;
}

async function openFiles(): Promise<Files> {
  const parent = await mkdtemp(join(tmpdir(), 'ordersaga-data-platform-'));
  const folder = join(parent, 'data-platform');
  return {
    platform: new FileDataPlatform(folder),
    folder,
    async received() {
      const names = (await readdir(folder)).toSorted();
      const texts = await Promise.all(names.map((name) => readFile(join(folder, name), 'utf8')));
      return texts.flatMap((text) => text.trimEnd().split('\n').flatMap(parsed));
    },
    close: () => rm(parent, { recursive: true, force: true }),
  };
}

/** As a careful reader does: a torn line is nobody's. */
function parsed(line: string): { id: string }[] {
  try {
    return [JSON.parse(line) as { id: string }];
  } catch {
    return [];
  }
}

dataPlatformContract('files', openFiles);

const DAY = { from: new Date('2026-11-30T00:00:00Z'), to: new Date('2026-11-30T23:00:00Z') };

test('a line that a crash has torn spoils only itself', async () => {
  const files = await openFiles();
  await files.platform.send([paidOrder(1)]);
  await appendFile(join(files.folder, 'paid-orders-2026-11-30.ndjson'), '{"specversion":"1.0","id":"order.proc');
  await files.platform.send([paidOrder(2), paidOrder(3)]);
  expect(idsOf(await files.received())).toEqual(idsOf([paidOrder(1), paidOrder(2), paidOrder(3)]));
  expect(await files.platform.present(DAY)).toEqual(new Set(idsOf([paidOrder(1), paidOrder(2), paidOrder(3)])));
  await files.close();
});

test('only the files of the days of a period are looked into, and before the first order there is none', async () => {
  const files = await openFiles();
  expect(await files.platform.present(DAY)).toEqual(new Set());
  await files.platform.send([paidOrder(1, '2026-11-29'), paidOrder(2, '2026-11-30'), paidOrder(3, '2026-12-01')]);
  expect(await files.platform.present(DAY)).toEqual(new Set([paidOrder(2).id]));
  await files.close();
});
