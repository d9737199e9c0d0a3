/** A part the shop needs is away for now: nothing is known to be wrong with the request, so it may be repeated later. */
export class Unavailable extends Error {
  override readonly name = 'Unavailable';
}

/** More work than the bounded queues hold: refused at once, so that what was accepted still finishes in time. */
export class Overloaded extends Error {
  override readonly name = 'Overloaded';

  constructor(
    readonly queue: string,
    readonly retryAfterSeconds = 1,
  ) {
    super(`the queue ${queue} is full`);
  }
}
