import pg from 'pg';

export interface ListeningOptions {
  readonly url: string;
  /** A plain identifier. */
  readonly channel: string;
  readonly onNotification: (payload: string) => void;
  /** Listening has begun, for the first time or again: what was notified before has not been heard. */
  readonly onListening: () => void;
}

const CONNECT_TIMEOUT_MS = 10_000;
const RECONNECT_DELAY_MS_MIN = 100;
const RECONNECT_DELAY_MS_MAX = 5_000;

/** LISTEN on a connection of its own, which is made again whenever it breaks, after a pause that grows. */
export class Listening {
  private client: pg.Client | undefined;
  private timer: NodeJS.Timeout | undefined;
  private connecting: Promise<void> = Promise.resolve();
  private failures = 0;
  private stopped = false;

  constructor(private readonly options: ListeningOptions) {}

  start(): void {
    this.connecting = this.connect();
  }

  async stop(): Promise<void> {
    this.stopped = true;
    clearTimeout(this.timer);
    await this.connecting;
    await this.client?.end().catch(() => {});
  }

  private async connect(): Promise<void> {
    const { url, channel, onNotification, onListening } = this.options;
    const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: CONNECT_TIMEOUT_MS, keepAlive: true });
    this.client = client;
    client.on('error', () => {});
    client.once('end', () => this.again());
    client.on('notification', ({ payload }) => onNotification(payload ?? ''));
    try {
      await client.connect();
      await client.query(`LISTEN ${client.escapeIdentifier(channel)}`);
      this.failures = 0;
      onListening();
    } catch {
      await client.end().catch(() => {});
      this.again();
    }
  }

  /** Asked for by the connection's end, by the failure to make one, or by both. */
  private again(): void {
    if (this.stopped || this.timer) return;
    const delayMs = Math.min(RECONNECT_DELAY_MS_MAX, RECONNECT_DELAY_MS_MIN * 2 ** this.failures++);
    this.timer = setTimeout(() => {
      this.timer = undefined;
      this.start();
    }, delayMs);
    this.timer.unref();
  }
}
