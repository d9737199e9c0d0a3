import {
  type DeliveryFaultKind,
  type Fault,
  type FaultKind,
  type FaultOf,
  InjectedDeadlock,
  InjectedOutage,
  LockTimeout,
  describe,
  fits,
} from './faults.js';
import type { Context, Scheduler } from './scheduler.js';
import type { Op } from './store/io.js';

/** What a fault does to the await that it strikes. */
export type Strike =
  | { readonly kind: 'gone' }
  | { readonly kind: 'fails'; readonly fault: Error }
  | { readonly kind: 'late'; readonly byMs: number }
  | { readonly kind: 'done, then gone'; readonly then: () => void }
  | { readonly kind: 'done, then fails'; readonly fault: Error }
  | { readonly kind: 'done, answered late'; readonly byMs: number };

/** What the striker does to the world. */
export interface Victims {
  crash(context: Context, restartAfterMs: number): void;
  breakConnections(context: Context): void;
  breakDomain(domain: string): void;
  /** @returns the domains that are away now. */
  crashServer(): readonly string[];
  jumpDatabaseClock(byMs: number): void;
  rebalance(forgetsOffsets: boolean): void;
  cutLogs(): void;
  note(context: Context, line: string): void;
}

/** Carries out the faults of a history, each at its await or its delivery, and counts them. */
export class Striker {
  /** Those still to come, the next one last. */
  private readonly due: Fault[];
  private armed: Fault[] = [];
  private readonly outages = new Map<string, number>();
  private hintsToLose = 0;
  private answersToLose = 0;
  private messagesToLose = 0;
  readonly struck = new Map<FaultKind, number>();

  constructor(
    faults: readonly Fault[],
    private readonly scheduler: Scheduler,
    private readonly victims: () => Victims,
  ) {
    this.due = faults.toSorted((a, b) => b.atAwait - a.atAwait);
    this.arm(0);
  }

  /** No more faults: what is under way ends. */
  cease(): void {
    this.due.length = 0;
    this.armed = [];
    this.outages.clear();
    this.hintsToLose = 0;
    this.answersToLose = 0;
    this.messagesToLose = 0;
  }

  losesHints(): boolean {
    if (this.hintsToLose === 0) return false;
    this.hintsToLose--;
    return true;
  }

  losesAnswer(): boolean {
    if (this.answersToLose === 0) return false;
    this.answersToLose--;
    return true;
  }

  losesMessage(): boolean {
    if (this.messagesToLose === 0) return false;
    this.messagesToLose--;
    return true;
  }

  isOut(domain: string): boolean {
    return this.outages.size > 0 && (this.outages.get(domain) ?? 0) > this.scheduler.nowMs;
  }

  /** @param awaits how many there have been, this one included. */
  strike(op: Op, awaits: number): Strike | undefined {
    this.arm(awaits);
    if (this.isOut(op.domain)) return { kind: 'fails', fault: new InjectedOutage(`${op.domain} is away`) };
    if (this.armed.length === 0) return undefined;
    const fault = this.take((each) => fits(each, op));
    return fault && this.carryOut(fault, op);
  }

  /** Takes a fault that concerns a delivery, if one is due that is meant for it. */
  takeDelivery<Kind extends DeliveryFaultKind>(
    kind: Kind,
    isMeant: (fault: FaultOf<Kind>) => boolean = () => true,
  ): FaultOf<Kind> | undefined {
    if (this.armed.length === 0) return undefined;
    return this.take((each) => each.kind === kind && isMeant(each as FaultOf<Kind>)) as FaultOf<Kind> | undefined;
  }

  private arm(awaits: number): void {
    for (let next = this.due.at(-1); next && next.atAwait <= awaits; next = this.due.at(-1)) this.armed.push(this.due.pop() as Fault);
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
        this.isAway([op.domain], fault.outageMs);
        return { kind: fault.done ? 'done, then fails' : 'fails', fault: lost };
      }
      case 'connection lost': {
        const lost = new InjectedOutage('the connection was lost');
        op.tx?.rollBack(lost);
        return { kind: 'fails', fault: lost };
      }
      case 'deadlock victim':
        op.tx?.fail();
        return { kind: 'fails', fault: new InjectedDeadlock('chosen as the victim of a deadlock') };
      case 'lock timeout':
        op.tx?.fail();
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
        this.isAway([op.domain], fault.forMs);
        victims.breakDomain(op.domain);
        return { kind: 'fails', fault: new InjectedOutage(`${op.domain} is away`) };
      case 'server crash':
        this.isAway(victims.crashServer(), fault.forMs);
        return this.isOut(op.domain) ? { kind: 'fails', fault: new InjectedOutage('the server has crashed') } : undefined;
      case 'acknowledgement lost':
        return { kind: 'done, then fails', fault: new InjectedOutage('the acknowledgement was lost') };
      case 'lost messages':
        this.messagesToLose += fault.times;
        return undefined;
      case 'rebalance':
        victims.rebalance(fault.forgetsOffsets);
        return undefined;
      case 'logs cut':
        victims.cutLogs();
        return undefined;
      case 'lost answers':
        this.answersToLose += fault.times;
        return undefined;
      case 'lost hints':
        this.hintsToLose += fault.times;
        return undefined;
      case 'database clock goes ahead':
        victims.jumpDatabaseClock(fault.byMs);
        return undefined;
      case 'database clock goes back':
        victims.jumpDatabaseClock(-fault.byMs);
        return undefined;
      case 'process clock goes ahead':
        op.context.clockOffsetMs += fault.byMs;
        return undefined;
      case 'process clock goes back':
        op.context.clockOffsetMs -= fault.byMs;
        return undefined;
      // These strike deliveries.
      case 'duplicate request':
      case 'duplicate event':
      case 'request twice in a batch':
      case 'requests out of order':
      case 'events out of order':
      case 'poison event':
      case 'poison request':
      case 'lost tail':
      case 'duplicate messages':
      case 'messages out of order':
        return undefined;
    }
  }

  private isAway(domains: readonly string[], forMs: number): void {
    if (forMs <= 0) return;
    for (const domain of domains) this.outages.set(domain, Math.max(this.outages.get(domain) ?? 0, this.scheduler.nowMs + forMs));
  }
}
