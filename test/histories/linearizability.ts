/**
 * Is there one order of all steps that the model allows, with each step between its `from` and its `to`? The search of Wing and Gong in
 * the just-in-time form of Lowe: a step is put into the order when its time is up, together with others only where it needs them.
 *
 * H1: a look that fits the state now is taken at once. Whoever could take it later could take it now: it changes nothing, then or now.
 * H2: of steps alike (same action, same follower) the one whose time is up first is taken first, and one that leads another before one that
 *     leads none, if its time is not up later. In any other order the two can be exchanged, and the states stay the same.
 * H3: an event, a state and the steps still open determine all that can follow, so each such configuration is looked at once.
 * H4: the search is bounded. What it cannot decide is told as undecided, never as right.
 */

/** What happened to one object at one instant between two moments. */
export interface Step<Action> {
  readonly action: Action;
  readonly from: number;
  /** By then it has happened. Infinity: some time, or never. */
  readonly to: number;
  /** Happens only once this one has; when that never happens, neither does this, whatever its `to`. */
  readonly after?: Step<Action>;
  /** What the client saw, for the report. */
  readonly says: string;
}

export interface Model<State, Action> {
  readonly initial: State;
  /** The state after the action, or undefined when this cannot happen, or not be answered so, now. */
  apply(state: State, action: Action): State | undefined;
  /** Whether an action only looks, whatever the state. */
  isLook(action: Action): boolean;
  /** Equal for equal states. */
  key(state: State): string;
}

export type Verdict =
  | { readonly outcome: 'linearizable' }
  | { readonly outcome: 'violated' | 'undecided'; readonly step: string; readonly states: readonly string[] };

const CONFIGURATIONS_MAX = 1_000_000;
const STATES_TOLD_MAX = 4;

interface Configuration<State> {
  /** The next event. */
  readonly at: number;
  readonly state: State;
  /** The steps that have begun and are not yet in the order, oldest first. */
  readonly open: readonly number[];
}

export function checkLinearizable<State, Action>(
  model: Model<State, Action>,
  steps: readonly Step<Action>[],
  configurationsMax = CONFIGURATIONS_MAX,
): Verdict {
  const search = new Search(model, steps, configurationsMax);
  return search.run();
}

class Search<State, Action> {
  private readonly model: Model<State, Action>;
  private readonly steps: readonly Step<Action>[];
  private readonly configurationsMax: number;
  /** Steps by moment: `index` begins, `~index` has its time up. */
  private readonly events: readonly number[];
  private readonly kinds: readonly Kind[];
  private readonly predecessors: readonly (number | undefined)[];
  private configurations = 0;
  private furthest = { at: -1, states: new Set<string>() };

  constructor(model: Model<State, Action>, unsorted: readonly Step<Action>[], configurationsMax: number) {
    this.model = model;
    this.steps = unsorted.toSorted((a, b) => a.from - b.from);
    this.configurationsMax = configurationsMax;
    this.events = eventsOf(this.steps);
    const indexOf = new Map(this.steps.map((step, index) => [step, index]));
    this.predecessors = this.steps.map(({ after }) => after && indexOf.get(after));
    this.kinds = kindsOf(this.steps);
  }

  run(): Verdict {
    const start = this.forward({ at: 0, state: this.model.initial, open: [] });
    if (start.at === this.events.length) return { outcome: 'linearizable' };
    const seen = new Set<string>();
    const path = [this.ways(start)];
    for (;;) {
      const way = path.at(-1)?.next();
      if (way === undefined) return this.stuck('violated');
      if (this.configurations > this.configurationsMax) return this.stuck('undecided');
      if (way.done) {
        path.pop();
        continue;
      }
      const next = this.forward(way.value);
      if (next.at === this.events.length) return { outcome: 'linearizable' };
      const key = this.keyOf(next);
      if (seen.has(key)) continue;
      seen.add(key);
      path.push(this.ways(next));
    }
  }

  /** Goes on to the next step whose time is up and that is still open. */
  private forward({ at, state, open: before }: Configuration<State>): Configuration<State> {
    let open = [...before];
    for (; at < this.events.length; at++) {
      const event = this.events[at] as number;
      if (event < 0) {
        if (!open.includes(~event)) continue;
        if (this.isFree(~event, open) || this.timeOf(this.predecessors[~event] as number) < Infinity) break;
        open = open.filter((step) => step !== ~event && step !== this.predecessors[~event]);
      } else if (!this.isSeenNow(event, state, open)) {
        open.push(event);
      }
    }
    return { at, state, open };
  }

  /** The ways to take the step whose time is up: alone, else after one other, else after two, and so on. */
  private *ways(from: Configuration<State>): Generator<Configuration<State>> {
    const due = ~(this.events[from.at] as number);
    this.note(from);
    const seen = new Set<string>();
    for (let layer = [from]; layer.length > 0;) {
      const next: Configuration<State>[] = [];
      for (const configuration of layer) {
        const taken = this.take(configuration, due);
        if (taken) yield taken;
        for (const step of this.candidates(configuration, due)) {
          const further = this.take(configuration, step);
          if (!further) continue;
          const key = this.keyOf(further);
          if (seen.has(key)) continue;
          seen.add(key);
          if (further.open.includes(due)) next.push(further);
          else yield further;
        }
        if (this.configurations > this.configurationsMax) return;
      }
      layer = next;
    }
  }

  /** H2: one step of each class, except the class of the step that is due. */
  private candidates({ open }: Configuration<State>, due: number): number[] {
    const first = new Map<string, number>();
    for (const step of open) {
      if (!this.isFree(step, open)) continue;
      const kind = this.classOf(step);
      const earlier = first.get(kind);
      if (earlier === undefined || this.timeOf(step) < this.timeOf(earlier)) first.set(kind, step);
    }
    const leaders = [...first.values()].filter((step) => this.kinds[step]?.leads && this.timeOf(step) < Infinity);
    const isBehind = (step: number): boolean =>
      leaders.some((leader) => this.kinds[leader]?.action === this.kinds[step]?.action && this.timeOf(leader) <= this.timeOf(step));
    first.delete(this.classOf(due));
    const left = [...first.values()].filter((step) => this.kinds[step]?.leads === true || !isBehind(step));
    return left.toSorted((a, b) => this.timeOf(a) - this.timeOf(b));
  }

  private take(configuration: Configuration<State>, step: number): Configuration<State> | undefined {
    this.configurations++;
    if (!this.isFree(step, configuration.open)) return undefined;
    const state = this.model.apply(configuration.state, (this.steps[step] as Step<Action>).action);
    if (state === undefined) return undefined;
    const open = configuration.open.filter((each) => each !== step);
    return { at: configuration.at, state, open: this.withoutLooks(state, open) };
  }

  /** H1. */
  private withoutLooks(state: State, open: readonly number[]): number[] {
    return open.filter((step) => !this.isSeenNow(step, state, open));
  }

  private isSeenNow(step: number, state: State, open: readonly number[]): boolean {
    const { action } = this.steps[step] as Step<Action>;
    return this.model.isLook(action) && this.isFree(step, open) && this.model.apply(state, action) !== undefined;
  }

  private isFree(step: number, open: readonly number[]): boolean {
    const predecessor = this.predecessors[step];
    return predecessor === undefined || !open.includes(predecessor);
  }

  private classOf = (step: number): string => (this.kinds[step] as Kind).ofClass;

  private timeOf = (step: number): number => (this.steps[step] as Step<Action>).to;

  private keyOf = ({ at, state, open }: Configuration<State>): string => `${at}|${this.model.key(state)}|${open.join()}`;

  private note({ at, state }: Configuration<State>): void {
    if (at < this.furthest.at) return;
    if (at > this.furthest.at) this.furthest = { at, states: new Set() };
    if (this.furthest.states.size < STATES_TOLD_MAX) this.furthest.states.add(this.model.key(state));
  }

  private stuck(outcome: 'violated' | 'undecided'): Verdict {
    const step = this.steps[~(this.events[this.furthest.at] as number)] as Step<Action>;
    return { outcome, step: step.says, states: [...this.furthest.states] };
  }
}

/** At the same moment what begins comes first. A step that may never happen has no end. */
function eventsOf(steps: readonly Step<unknown>[]): number[] {
  const moments = steps.flatMap(({ from, to }, index) => [
    { moment: from, event: index },
    ...(to === Infinity ? [] : [{ moment: to, event: ~index }]),
  ]);
  return moments.toSorted((a, b) => a.moment - b.moment || Number(a.event < 0) - Number(b.event < 0)).map(({ event }) => event);
}

interface Kind {
  readonly action: string;
  /** Steps of one class can stand for each other: they do the same, and so do those that come after them, by the same time. */
  readonly ofClass: string;
  /** Another step may come only after this one. */
  readonly leads: boolean;
}

function kindsOf(steps: readonly Step<unknown>[]): Kind[] {
  const followers = Map.groupBy(
    steps.filter(({ after }) => after !== undefined),
    ({ after }) => after,
  );
  return steps.map((step) => {
    const action = JSON.stringify(step.action);
    const after = followers.get(step) ?? [];
    const then = after.map((follower) => `${JSON.stringify(follower.action)} by ${follower.to === step.to ? 'then' : follower.to}`);
    return { action, ofClass: [action, ...then].join(), leads: after.length > 0 };
  });
}
