import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { temporaryFolder } from '../support/embedded.js';
import { type Fence, fencesOf, readDocument } from './markdown.js';
import { type ShellAnswer, Shell } from './shell.js';
import { type ShopProcess, startShopProcess } from './shop-process.js';

const TOUR_MS_MAX = 240_000;
const FOLLOWS_MS_MAX = 30_000;
const LOOK_AGAIN_MS = 100;

const tour = /<!-- tour -->([^]*)<!-- \/tour -->/.exec(readDocument('README.md'))?.[1] ?? '';

let folder: ReturnType<typeof temporaryFolder>;
let shop: ShopProcess;
const started: ShopProcess[] = [];

beforeAll(async () => {
  folder = temporaryFolder();
  shop = await start({ DATA_DIR: `${folder.path}/data` });
}, TOUR_MS_MAX);

afterAll(async () => {
  await Promise.all(started.map((each) => each.stop()));
  folder.remove();
}, TOUR_MS_MAX);

async function start(environment: Readonly<Record<string, string>>): Promise<ShopProcess> {
  const opened = await startShopProcess(environment);
  started.push(opened);
  return opened;
}

test(
  'every line of the tour runs as it stands in the README, and prints what stands below it',
  async () => {
    const blocks = fencesOf(tour);
    const shell = new Shell({ ...process.env, DATA_DIR: `${folder.path}/data` });
    // Where the README has fixed ports and folders, this run has its own.
    const elsewhere = new Map([
      ['http://127.0.0.1:3000', shop.address],
      ['./data/gbp', `${folder.path}/gbp`],
    ]);
    const here = (text: string): string => [...elsewhere].reduce((changed, [from, to]) => changed.replaceAll(from, to), text);
    try {
      for (const [index, block] of blocks.entries()) {
        if (block.info === 'sh background') {
          const { port } = new URL((await start(variablesOf(here(block.text)))).address);
          elsewhere.set('PORT=3001', `PORT=${port}`);
        } else if (block.info === 'sh') {
          await expectToPrint(shell, here(block.text), outputBelow(blocks, index));
        }
      }
    } finally {
      await shell.close();
    }
    expect(blocks.filter(({ info }) => info === 'sh').length).toBeGreaterThan(10);
  },
  TOUR_MS_MAX,
);

test('the tables of routes name exactly the routes that there are', async () => {
  const response = await fetch(`${shop.address}/docs/openapi.json`);
  const { paths } = (await response.json()) as { paths: Record<string, Record<string, unknown>> };
  const routes = Object.entries(paths).flatMap(([path, methods]) =>
    Object.keys(methods).map((method) => `${method.toUpperCase()} ${path}`),
  );
  const rows = readDocument('README.md').matchAll(/^\| `((?:GET|POST|PATCH|DELETE) \/api\S+)` \|/gm);
  const documented = [...rows].map(([, route = '']) => route);
  expect(new Set(documented).size).toBe(documented.length);
  expect(new Set(documented)).toEqual(new Set(routes.filter((route) => route.includes(' /api/'))));
});

/** `A=1 B=2 npm start` → A and B; the port is any free one. */
function variablesOf(command: string): Record<string, string> {
  expect(command).toMatch(/^(?:\w+=\S+ )+npm start$/);
  const variables = Object.fromEntries([...command.matchAll(/(\w+)=(\S+)/g)].map(([, name = '', value = '']) => [name, value]));
  return { ...variables, PORT: '0' };
}

const outputBelow = (blocks: readonly Fence[], index: number): string => {
  const next = blocks[index + 1];
  return next?.info === 'text' ? next.text : '';
};

/** What follows a payment after a moment is looked at again; nothing else may be run twice. */
async function expectToPrint(shell: Shell, commands: string, expected: string): Promise<void> {
  const pattern = patternOf(expected);
  const onlyReads = !/\bpost |=\$\(|replay/.test(commands);
  const answer = await (onlyReads ? lookUntil(pattern, shell, commands) : shell.run(commands));
  expect(answer.exitCode, `${commands}\n${answer.output}`).toBe(0);
  expect(inOneLine(answer.output), commands).toMatch(pattern);
}

async function lookUntil(pattern: RegExp, shell: Shell, commands: string): Promise<ShellAnswer> {
  const deadline = Date.now() + FOLLOWS_MS_MAX;
  for (;;) {
    const answer = await shell.run(commands);
    if (pattern.test(inOneLine(answer.output)) || Date.now() > deadline) return answer;
    await sleep(LOOK_AGAIN_MS);
  }
}

const inOneLine = (text: string): string => text.replaceAll(/\s+/g, ' ').trim();

/** `…` stands for anything that was left out. */
const patternOf = (expected: string): RegExp =>
  new RegExp(
    `^${inOneLine(expected)
      .split('…')
      .map((part) => RegExp.escape(part))
      .join('[^]*?')}$`,
  );
