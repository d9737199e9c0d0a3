/** A domain (`order`), one of its listeners (`order.data-platform`), or a listener left to others (`-order.data-platform`). */
const ENTRY = /^(?:[a-z]+|-?[a-z]+\.[a-z-]+)$/;

/**
 * Which part of the shop a process is (`DOMAINS`): whole domains with their routes, timers and listeners, or single listeners
 * for side effects, which scale apart from the API. Nothing named: everything. Only listeners left out: everything else.
 */
export class Serving {
  private constructor(private readonly entries: readonly string[]) {}

  /** @returns null when an entry is malformed. Whether the names exist, only the root of the shop can tell. */
  static parse(text: string | undefined): Serving | null {
    const entries = (text ?? '')
      .split(',')
      .map((entry) => entry.trim())
      .filter((entry) => entry !== '');
    return entries.every((entry) => ENTRY.test(entry)) ? new Serving(entries) : null;
  }

  /** Every name in it, of domains and of listeners. */
  get names(): readonly string[] {
    return this.entries.map(withoutSign);
  }

  /** Its routes, its timers and its listeners (but for those left out) are here. */
  isWhole(domain: string): boolean {
    return this.entries.every(isLeftOut) || this.entries.includes(domain);
  }

  /** The whole domain, or at least one of its listeners. */
  hasPartOf(domain: string): boolean {
    return this.isWhole(domain) || this.entries.some((entry) => entry.startsWith(`${domain}.`));
  }

  /** @param listener such as `order.data-platform`. */
  listens(listener: string): boolean {
    const domain = listener.slice(0, listener.indexOf('.'));
    return !this.entries.includes(`-${listener}`) && (this.isWhole(domain) || this.entries.includes(listener));
  }
}

const isLeftOut = (entry: string): boolean => entry.startsWith('-');
const withoutSign = (entry: string): string => (isLeftOut(entry) ? entry.slice(1) : entry);
