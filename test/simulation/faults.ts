import { Unavailable } from '../../src/kernel/faults.js';
import type { Context, Scheduler } from './scheduler.js';
import type { Op } from './store/io.js';
import { Deadlock } from './store/memory-transaction.js';

/** What can go wrong, and for how long. Each strikes the first await at or after `atAwait` that it fits, and whose trace has `where` in it. */
export type Fault = { readonly atAwait: number; readonly where?: string } & (
  | { readonly kind: 'crash'; readonly restartAfterMs: number }
  /** The commit is durable, and the process dies before it hears so. */
  | { readonly kind: 'crash after commit'; readonly restartAfterMs: number }
  /** The connection breaks at the commit, which may have been done, or not; and perhaps the server stays away for a while. */
  | { readonly kind: 'commit unknown'; readonly done: boolean; readonly outageMs: number }
  | { readonly kind: 'connection lost' }
  | { readonly kind: 'deadlock victim' }
  | { readonly kind: 'lock timeout' }
  | { readonly kind: 'late statement'; readonly byMs: number }
  | { readonly kind: 'late answer'; readonly byMs: number }
  /** The process hangs, is thought dead, and goes on later: a zombie. Its connections may be gone by then. */
  | { readonly kind: 'zombie'; readonly forMs: number; readonly keepsConnections: boolean }
  | { readonly kind: 'outage'; readonly forMs: number }
  | { readonly kind: 'lost hints'; readonly times: number }
  /** A request is delivered once more later, perhaps to another process. */
  | { readonly kind: 'duplicate request'; readonly afterMs: number }
  /** A request stands twice in one batch. */
  | { readonly kind: 'request twice in a batch' }
  /** A listener throws at an event; whichever comes first where no subscriber is named. */
  | { readonly kind: 'poison event'; readonly times: number; readonly subscriber: string | null }
  | { readonly kind: 'poison request'; readonly times: number }
  | { readonly kind: 'database clock jumps'; readonly byMs: number }
  | { readonly kind: 'process clock jumps'; readonly byMs: number }
);

export type FaultKind = Fault['kind'];

/** What a fault does to the await that it strikes. */
export type Strike =
  | { readonly kind: 'gone' }
  | { readonly kind: 'fails'; readonly fault: Error }
  | { readonly kind: 'late'; readonly byMs: number }
  | { readonly kind: 'done, then gone'; readonly then: () => void }
  | { readonly kind: 'done, then fails'; readonly fault: Error }
  | { readonly kind: 'done, answered late'; readonly byMs: number };

export class InjectedOutage extends Unavailable {}
export class InjectedDeadlock extends Deadlock {}
export class LockTimeout extends Error {
  readonly code = '55P03';
}
export class Poison extends Error {}

/** Whether a fault is of our making, or says that something is away; every other one that shows up in a history is a defect. */
export const isInjected = (fault: unknown): boolean =>
  fault instanceof Unavailable || fault instanceof Deadlock || fault instanceof LockTimeout || fault instanceof Poison;

/** What the striker does to the world. */
export interface Victims {
  crash(context: Context, restartAfterMs: number): void;
  breakConnections(context: Context): void;
  breakDomain(domain: string): void;
  jumpDatabaseClock(byMs: number): void;
  note(context: Context, line: string): void;
}

/** Carries out the faults of a history, each at its await. */
export class Striker {
  private readonly due: Fault[];
  private armed: Fault[] = [];
  private readonly outages = new Map<string, number>();
  private hintsToLose = 0;
  readonly struck = new Map<FaultKind, number>();

  constructor(
    faults: readonly Fault[],
    private readonly scheduler: Scheduler,
    private readonly victims: () => Victims,
  ) {
    this.due = faults.toSorted((a, b) => b.atAwait - a.atAwait);
  }

  /** No more faults: what is under way ends. */
  cease(): void {
    this.due.length = 0;
    this.armed = [];
    this.outages.clear();
    this.hintsToLose = 0;
  }

  get isSpent(): boolean {
    return this.due.length === 0 && this.armed.length === 0;
  }

  losesHints(): boolean {
    if (this.hintsToLose === 0) return false;
    this.hintsToLose--;
    return true;
  }

  isOut(domain: string): boolean {
    return this.outages.size > 0 && (this.outages.get(domain) ?? 0) > this.scheduler.nowMs;
  }

  strike(op: Op, awaits: number): Strike | undefined {
    for (let next = this.due.at(-1); next && next.atAwait <= awaits; next = this.due.at(-1)) this.armed.push(this.due.pop() as Fault);
    if (this.isOut(op.domain)) return { kind: 'fails', fault: new InjectedOutage(`${op.domain} is away`) };
    if (this.armed.length === 0) return undefined;
    const fault = this.take((each) => fits(each.kind, op) && (each.where === undefined || traceOf(op).includes(each.where)));
    return fault && this.carryOut(fault, op);
  }

  /** Takes a fault that concerns the delivery of an event. */
  takeDelivery<Kind extends FaultKind>(kind: Kind, subscriber?: string): Extract<Fault, { kind: Kind }> | undefined {
    if (this.armed.length === 0) return undefined;
    const fault = this.take(
      (each) => each.kind === kind && (each.kind !== 'poison event' || (each.subscriber ?? subscriber) === subscriber),
    );
    return fault as Extract<Fault, { kind: Kind }> | undefined;
  }

  private take(matches: (fault: Fault) => boolean): Fault | undefined {
    const fault = this.armed.find(matches);
    if (!fault) return undefined;
    this.armed.splice(this.armed.indexOf(fault), 1);
    this.struck.set(fault.kind, (this.struck.get(fault.kind) ?? 0) + 1);
    return fault;
  }

  private carryOut(fault: Fault, op: Op): Strike | undefined {
    const victims = this.victims();
    victims.note(op.context, `  ⚡ ${describe(fault)}`);
    switch (fault.kind) {
      case 'crash':
        victims.crash(op.context, fault.restartAfterMs);
        return { kind: 'gone' };
      case 'crash after commit':
        return { kind: 'done, then gone', then: () => victims.crash(op.context, fault.restartAfterMs) };
      case 'commit unknown': {
        const lost = new InjectedOutage('the connection was lost at the commit');
        if (!fault.done) op.tx?.rollBack(lost);
        if (fault.outageMs > 0) this.outages.set(op.domain, this.scheduler.nowMs + fault.outageMs);
        return { kind: fault.done ? 'done, then fails' : 'fails', fault: lost };
      }
      case 'connection lost': {
        const lost = new InjectedOutage('the connection was lost');
        op.tx?.rollBack(lost);
        return { kind: 'fails', fault: lost };
      }
      case 'deadlock victim':
        return { kind: 'fails', fault: new InjectedDeadlock('chosen as the victim of a deadlock') };
      case 'lock timeout':
        return { kind: 'fails', fault: new LockTimeout('canceling statement due to lock timeout') };
      case 'late statement':
        return { kind: 'late', byMs: fault.byMs };
      case 'late answer':
        return { kind: 'done, answered late', byMs: fault.byMs };
      case 'zombie':
        op.context.hangsUntilMs = this.scheduler.nowMs + fault.forMs;
        if (!fault.keepsConnections) victims.breakConnections(op.context);
        return { kind: 'late', byMs: 0 };
      case 'outage':
        this.outages.set(op.domain, this.scheduler.nowMs + fault.forMs);
        victims.breakDomain(op.domain);
        return { kind: 'fails', fault: new InjectedOutage(`${op.domain} is away`) };
      case 'lost hints':
        this.hintsToLose += fault.times;
        return undefined;
      case 'database clock jumps':
        victims.jumpDatabaseClock(fault.byMs);
        return undefined;
      case 'process clock jumps':
        op.context.clockOffsetMs += fault.byMs;
        return undefined;
      case 'duplicate request':
      case 'request twice in a batch':
      case 'poison event':
      case 'poison request':
        return undefined;
    }
  }
}

/** How an await stands in the trace. */
export const traceOf = ({ domain, label }: Op): string => `${domain}: ${label}`;

function fits(kind: FaultKind, { kind: op, tx }: Op): boolean {
  switch (kind) {
    case 'commit unknown':
      return op === 'commit';
    case 'crash after commit':
    case 'late answer':
      return op === 'commit' || op === 'autocommit' || op === 'outside';
    case 'deadlock victim':
    case 'lock timeout':
      return op === 'statement' && tx !== undefined;
    case 'duplicate request':
    case 'request twice in a batch':
    case 'poison event':
    case 'poison request':
      return false;
    case 'crash':
    case 'connection lost':
    case 'late statement':
    case 'zombie':
    case 'outage':
    case 'lost hints':
    case 'database clock jumps':
    case 'process clock jumps':
      return true;
  }
}

/** `zombie {forMs: 4000, keepsConnections: true} at await 17`. */
export function describe({ kind, atAwait, ...details }: Fault): string {
  const facts = Object.entries(details).map(([name, value]) => `${name}: ${value}`);
  return `${kind}${facts.length > 0 ? ` {${facts.join(', ')}}` : ''} at await ${atAwait}`;
}
