const REST_MS_AFTER_REFUSAL = 1_000;

/** The instances of one part of the shop, asked in turn. One that refuses connections rests for a moment. */
export class Upstreams {
  private turn = 0;
  private readonly restingUntilMs = new Map<string, number>();

  /** @param addresses such as `http://127.0.0.1:3001`; at least one. */
  constructor(readonly addresses: readonly string[]) {}

  /** All instances in the order in which to try them: the next in turn first, those that rest last. */
  inTurn(nowMs = Date.now()): readonly string[] {
    const first = this.turn++ % this.addresses.length;
    const rotated = [...this.addresses.slice(first), ...this.addresses.slice(0, first)];
    const rests = (address: string): boolean => (this.restingUntilMs.get(address) ?? 0) > nowMs;
    return [...rotated.filter((address) => !rests(address)), ...rotated.filter(rests)];
  }

  refused(address: string, nowMs = Date.now()): void {
    this.restingUntilMs.set(address, nowMs + REST_MS_AFTER_REFUSAL);
  }
}
