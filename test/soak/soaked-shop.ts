import { setTimeout as sleep } from 'node:timers/promises';
import { type ArmedShop, startArmedShop } from '../kill-matrix/armed-shop.js';
import { Client } from '../kill-matrix/client.js';
import { Crowd, type Errand, type ErrandKind, letMinutesPass, letTimePass } from '../kill-matrix/crowd.js';
import { type Recovery, databaseIsBack, recovered } from '../kill-matrix/recovery.js';
import { postmasterPid, temporaryFolder } from '../support/embedded.js';

export const VICTIMS = ['shop', 'database', 'both'] as const;
export type Victim = (typeof VICTIMS)[number];

const KINDS: readonly ErrandKind[] = [
  'pays',
  'pays',
  'pays with a coupon',
  'is refused by the product',
  'is refused by the coupon',
  'is refused by the user',
  'cancels',
  'lets the order run out',
];
const PAUSE_MS_MAX = 100;

/** One shop on one data folder, for as long as its customers' tokens live. */
export class SoakedShop {
  private readonly openedAtMs = Date.now();
  private loaded = false;
  /** Of the last kill. */
  private postmasterKilled = 0;

  private constructor(
    private readonly folder: ReturnType<typeof temporaryFolder>,
    private readonly client: Client,
    private readonly crowd: Crowd,
    private shop: ArmedShop,
  ) {}

  static async open(): Promise<SoakedShop> {
    const folder = temporaryFolder();
    const shop = await startArmedShop({ DATA_DIR: folder.path });
    const client = new Client([shop.address]);
    return new SoakedShop(folder, client, await Crowd.gather(client, shop.operator), shop);
  }

  get ageMs(): number {
    return Date.now() - this.openedAtMs;
  }

  /** Customers come and go until the kill. @returns their errands, finished or not. */
  async loadUntilKilled(victim: Victim, clients: number, killAfterMs: number): Promise<readonly Errand[]> {
    const errands: Errand[] = [];
    this.loaded = true;
    const customers = Array.from({ length: clients }, () => this.customer(errands));
    await sleep(killAfterMs);
    this.postmasterKilled = postmasterPid(this.folder.path);
    if (victim !== 'shop') process.kill(this.postmasterKilled, 'SIGQUIT');
    if (victim !== 'database') await this.shop.kill();
    this.loaded = false;
    await Promise.all(customers);
    return errands;
  }

  /** Brings back what is dead and waits until the books are clean. @throws Error that tells what is wrong with them. */
  async recover(victim: Victim, errands: readonly Errand[]): Promise<Recovery> {
    if (victim === 'database') await databaseIsBack(this.folder.path, this.shop.databaseUrl, this.postmasterKilled);
    else this.shop = await startArmedShop({ DATA_DIR: this.folder.path });
    this.client.addresses = [this.shop.address];
    const backAt = new Date();
    const since = victim === 'database' ? { startedAt: backAt, readyAt: backAt } : this.shop;
    await letMinutesPass(this.shop.databaseUrl, errands);
    await Promise.all(errands.filter(({ orderId }) => orderId === null).map((errand) => this.crowd.place(errand)));
    return recovered({ ...this.shop, startedAt: since.startedAt, readyAt: since.readyAt });
  }

  /** Everybody comes back with the same keys. @returns the orders that have not ended as they should. */
  async repeat(errands: readonly Errand[]): Promise<readonly string[]> {
    const { databaseUrl } = this.shop;
    await letTimePass(
      databaseUrl,
      errands.filter(({ kind }) => kind === 'lets the order run out'),
    );
    await letMinutesPass(databaseUrl, errands);
    const complaints = await this.crowd.repeatAll(errands);
    const now = new Date();
    await recovered({ ...this.shop, startedAt: now, readyAt: now });
    return complaints;
  }

  async close(): Promise<void> {
    await this.shop.kill();
    this.folder.remove();
  }

  private async customer(errands: Errand[]): Promise<void> {
    while (this.loaded) {
      await sleep(Math.random() * PAUSE_MS_MAX);
      // What dies in here has no order yet.
      const errand = await this.crowd.prepare(KINDS[Math.floor(Math.random() * KINDS.length)] as ErrandKind).catch(() => null);
      if (errand === null) continue;
      errands.push(errand);
      await this.crowd.place(errand);
      if (errand.orderId === null) continue;
      const hasPassed = await letTimePass(this.shop.databaseUrl, [errand]).then(
        () => true,
        () => false,
      );
      if (hasPassed) await this.crowd.finish(errand);
    }
  }
}
