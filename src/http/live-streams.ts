import { Injectable } from '@nestjs/common';
import { type FastifyReply } from 'fastify';
import { Overloaded } from '../kernel/faults.js';
import { Admission } from './admission/admission.js';
import { Drain } from './drain.js';

const STREAMS_MAX = 1_000;
const HEARTBEAT_MS = 15_000;
/** Clients reconnect by themselves; the end gives tokens a chance to be checked again. */
const STREAM_MS_MAX = 10 * 60_000;
/** A client that does not read is let go rather than buffered for. */
const UNREAD_BYTES_MAX = 64 * 1024;
const RECONNECT_MS = 1_000;

export interface LiveEvent {
  /** Comes back as the `Last-Event-ID` header when the client reconnects. */
  readonly id?: string | number;
  /** The name that listeners in the browser subscribe to; `message` without it. */
  readonly event?: string;
  /** Sent as JSON. */
  readonly data: unknown;
}

/** Server-sent events: opens streams, a bounded number, keeps them alive, and ends them when the process drains. */
@Injectable()
export class LiveStreams {
  private readonly open = new Set<LiveStream>();

  constructor(
    private readonly drain: Drain,
    private readonly admission: Admission,
  ) {
    drain.onStart(() => this.endAll());
  }

  /** Takes the reply over; afterwards only the stream answers. @throws Overloaded beyond the bound. */
  start(reply: FastifyReply): LiveStream {
    if (this.open.size >= STREAMS_MAX) throw new Overloaded('live streams');
    const stream = new LiveStream(reply);
    this.open.add(stream);
    this.admission.leave(reply.request);
    stream.onEnd(() => this.open.delete(stream));
    // The client left before the stream began: its connection has nothing more to say.
    if (reply.raw.destroyed) {
      stream.end();
      this.drain.over(reply.request);
    }
    return stream;
  }

  private endAll(): void {
    for (const stream of this.open) stream.end();
  }
}

export class LiveStream {
  private readonly heartbeat: NodeJS.Timeout;
  private readonly lifetime: NodeJS.Timeout;
  private readonly enders: (() => void)[] = [];
  private ended = false;

  constructor(private readonly reply: FastifyReply) {
    const headers = reply.getHeaders();
    reply.hijack();
    for (const [name, value] of Object.entries(headers)) if (value !== undefined) reply.raw.setHeader(name, value);
    // Proxies must neither cache nor gather the stream.
    reply.raw.writeHead(200, {
      'content-type': 'text/event-stream; charset=utf-8',
      'cache-control': 'no-store, no-transform',
      'x-accel-buffering': 'no',
    });
    this.write(`retry: ${RECONNECT_MS}\n\n`);
    this.heartbeat = setInterval(() => this.write(': still here\n\n'), HEARTBEAT_MS).unref();
    this.lifetime = setTimeout(() => this.end(), STREAM_MS_MAX).unref();
    reply.raw.once('close', () => this.finish());
  }

  /** Does nothing once the stream has ended. */
  send({ id, event, data }: LiveEvent): void {
    const head = `${id === undefined ? '' : `id: ${oneLine(String(id))}\n`}${event === undefined ? '' : `event: ${oneLine(event)}\n`}`;
    this.write(`${head}data: ${JSON.stringify(data)}\n\n`);
  }

  /** Runs once, when either side has ended the stream: the place to unsubscribe. At once when it has ended already. */
  onEnd(ender: () => void): void {
    if (this.ended) ender();
    else this.enders.push(ender);
  }

  end(): void {
    if (this.ended) return;
    this.finish();
    this.reply.raw.end();
  }

  private write(text: string): void {
    if (this.ended) return;
    this.reply.raw.write(text);
    if (this.reply.raw.writableLength > UNREAD_BYTES_MAX) this.reply.raw.destroy();
  }

  private finish(): void {
    if (this.ended) return;
    this.ended = true;
    clearInterval(this.heartbeat);
    clearTimeout(this.lifetime);
    for (const ender of this.enders) ender();
  }
}

const oneLine = (text: string): string => text.replaceAll(/[\r\n\0]/g, ' ');
