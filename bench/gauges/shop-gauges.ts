/** What the shop's process says of itself at `/metrics`. */
export interface ShopGauges {
  readonly cpuMs: number;
  /** Resident memory, in millions of bytes. */
  readonly memoryMb: number;
  /** Of V8's heap, what is in use, garbage that is not collected yet included; in millions of bytes. */
  readonly heapUsedMb: number;
  /** Since the last look. */
  readonly eventLoopDelayMsP99: number;
}

const ANSWER_MS_MAX = 10_000;

export async function lookAtShop(address: string): Promise<ShopGauges> {
  const metrics = await (await fetch(`${address}/metrics`, { signal: AbortSignal.timeout(ANSWER_MS_MAX) })).text();
  const value = (name: string): number => Number(new RegExp(`^${name} (.+)$`, 'm').exec(metrics)?.[1] ?? NaN);
  return {
    cpuMs: value('process_cpu_seconds_total') * 1_000,
    memoryMb: value('process_resident_memory_bytes') / 1e6,
    heapUsedMb: value('nodejs_heap_size_used_bytes') / 1e6,
    eventLoopDelayMsP99: value('nodejs_eventloop_lag_p99_seconds') * 1_000,
  };
}
