import { setTimeout as sleep } from 'node:timers/promises';
import { postmasterPid, query, temporaryFolder } from '../support/embedded.js';
import { type ArmedShop, type Orders, startAndDie, startArmedShop } from './armed-shop.js';
import { Client } from './client.js';
import { Crowd, type Errand, letMinutesPass, letTimePass } from './crowd.js';
import { type KillPoint, SCENES, type Scene } from './kill-points.js';
import { type Recovery, type Restarted, databaseIsBack, recovered } from './recovery.js';

const REACHED_MS_MAX = 30_000;
/** A shop that does not recover fails after every later kill, too. */
const FAILURES_MAX = 3;

/**
 * A shop that is killed again and again on one data folder. Each start recovers from the kill before it, is found clean, and is
 * then killed at the next point, in the middle of the errands of its scene.
 */
export class KillChain {
  private readonly errands: Errand[] = [];
  readonly recoveries: Recovery[] = [];
  /** What went wrong, and after which kill. */
  readonly failures: string[] = [];

  private constructor(
    private readonly folder: ReturnType<typeof temporaryFolder>,
    private readonly client: Client,
    private readonly crowd: Crowd,
    private shop: ArmedShop,
  ) {}

  /** @param durable wait for the disk, as in production; when only processes die, the memory of the machine is as good. */
  static async open({ durable = false } = {}): Promise<KillChain> {
    const folder = temporaryFolder();
    const shop = await startArmedShop({ DATA_DIR: folder.path });
    if (!durable) {
      await query(shop.databaseUrl, 'ALTER SYSTEM SET fsync = off');
      await query(shop.databaseUrl, 'SELECT pg_reload_conf()');
    }
    const client = new Client([shop.address]);
    return new KillChain(folder, client, await Crowd.gather(client, shop.operator), shop);
  }

  /** Runs a scene with nobody killed. @returns the failpoints that the shop came by. */
  async rehearse(scene: Scene): Promise<readonly string[]> {
    const errands = await this.prepared(scene);
    await this.perform(scene, errands, { faults: scene.faults ?? {} });
    await letMinutesPass(this.shop.databaseUrl, errands);
    await recovered({ ...this.shop, readyAt: new Date() });
    return this.shop.reached();
  }

  /** One kill after the other, and then everybody repeats everything. */
  async killAtEach(points: readonly KillPoint[]): Promise<void> {
    for (const point of points) if (this.failures.length < FAILURES_MAX) await this.killAt(point);
    await this.repeatEverything();
  }

  /** @param withDatabase it goes down in the same moment, without a word to anybody. */
  async killAt({ scene: sceneName, name }: KillPoint, { withDatabase = false } = {}): Promise<void> {
    const scene: Scene = SCENES[sceneName];
    const errands = await this.prepared(scene);
    const killAt = scene.armed === 'at the restart' ? 'order.begin-payment: after commit' : name;
    const orders = { killAt, faults: scene.faults ?? {}, ...(withDatabase ? this.quittingPostgresAt(killAt) : {}) };
    const performing = this.perform(scene, errands, orders);
    if (!(await this.diesInTime())) this.failures.push(`${name}: not reached`);
    await performing;
    if (scene.armed === 'at the restart') await startAndDie({ DATA_DIR: this.folder.path }, { killAt: name });
    await this.restart();
    await letMinutesPass(this.shop.databaseUrl, errands);
    // Stock may be held for an order that is not there: its customer comes back, or the hold would end by itself.
    if (scene.armed === 'before placing') await this.placeAll(errands);
    await this.expectRecovery(name, this.shop);
  }

  /** The database goes down, and comes back under a shop that lives on. */
  async killDatabaseAt({ scene: sceneName, name }: KillPoint): Promise<void> {
    const scene: Scene = SCENES[sceneName];
    const errands = await this.prepared(scene);
    const before = postmasterPid(this.folder.path);
    await this.perform(scene, errands, this.quittingPostgresAt(name));
    await databaseIsBack(this.folder.path, this.shop.databaseUrl, before);
    const backAt = new Date();
    await letMinutesPass(this.shop.databaseUrl, errands);
    await this.expectRecovery(name, { ...this.shop, startedAt: backAt, readyAt: backAt });
  }

  /** All customers repeat all of their requests with the same keys, and must find one effect of each. */
  async repeatEverything(): Promise<void> {
    this.failures.push(...(await this.crowd.repeatAll(this.errands)));
    await recovered({ ...this.shop, readyAt: new Date() });
    const [row] = await query<{ orders: number }>(this.shop.databaseUrl, 'SELECT count(*)::int AS orders FROM shop_order.orders');
    if (row?.orders !== this.errands.length) this.failures.push(`${row?.orders} orders of ${this.errands.length} errands`);
  }

  async close(): Promise<void> {
    await this.shop.kill();
    this.folder.remove();
  }

  private quittingPostgresAt(name: string): Orders {
    return { quitPostgresAt: name, postmasterPid: postmasterPid(this.folder.path) };
  }

  private async prepared({ errands }: Scene): Promise<readonly Errand[]> {
    const prepared = await Promise.all(errands.map((kind) => this.crowd.prepare(kind)));
    this.errands.push(...prepared);
    return prepared;
  }

  private async perform({ armed }: Scene, errands: readonly Errand[], orders: Orders): Promise<void> {
    if (armed === 'before placing') await this.shop.order(orders);
    await this.placeAll(errands);
    if (armed === 'before placing') return;
    await letTimePass(this.shop.databaseUrl, errands);
    await this.shop.order(orders);
    await Promise.all(errands.map((errand) => this.crowd.finish(errand)));
  }

  private async diesInTime(): Promise<boolean> {
    const died = await Promise.race([this.shop.ended.then(() => true), sleep(REACHED_MS_MAX, false)]);
    if (!died) await this.shop.kill();
    return died;
  }

  private async restart(): Promise<void> {
    this.shop = await startArmedShop({ DATA_DIR: this.folder.path });
    this.client.addresses = [this.shop.address];
  }

  private async expectRecovery(killedAt: string, since: Restarted): Promise<void> {
    try {
      this.recoveries.push(await recovered(since));
    } catch (fault) {
      this.failures.push(`${killedAt}: ${(fault as Error).message}`);
    }
  }

  private async placeAll(errands: readonly Errand[]): Promise<void> {
    await Promise.all(errands.map((errand) => this.crowd.place(errand)));
  }
}

/** For chains that go on side by side: while the one waits, the other works. */
export const shareOut = (points: readonly KillPoint[], chains: number): readonly (readonly KillPoint[])[] =>
  Array.from({ length: chains }, (_, chain) => points.filter((_point, place) => place % chains === chain));
