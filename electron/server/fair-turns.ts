/** Work that calls `done`, now or later, with what it cost: 1 for the usual. A second call counts for nothing. */
export type Task = (done: (cost: number) => void) => void;

export interface TurnOptions {
  /** Begun and not yet done, at most. */
  readonly maxUnderway: number;
  /** What may be spent before the event loop gets to do something else. */
  readonly perTick: number;
  /** Runs a task in a later turn of the event loop. */
  readonly defer: (task: () => void) => void;
}

interface Group {
  readonly name: string;
  readonly tasks: Task[];
  /** Turns to sit out, for work that cost more than its turn. */
  debt: number;
}

/**
 * Does work for many by turns: one task of each group, then the next one of each. So whoever asks for much waits for
 * itself, and everybody else waits for one task of each group at most. Work is done at once while nobody waits.
 */
export class FairTurns {
  readonly #options: TurnOptions;
  readonly #groups = new Map<string, Group>();
  #waiting = 0;
  #underway = 0;
  #left: number;
  #isTicking = false;
  #isDeferred = false;

  constructor(options: TurnOptions) {
    this.#options = options;
    this.#left = options.perTick;
  }

  get waiting(): number {
    return this.#waiting;
  }

  waitingOf(group: string): number {
    return this.#groups.get(group)?.tasks.length ?? 0;
  }

  run(group: string, task: Task): void {
    if (this.#waiting === 0 && !this.#isTicking && this.#mayBegin && !this.#groups.has(group)) {
      this.#begin(group, task);
    } else {
      this.#groupOf(group).tasks.push(task);
      this.#waiting++;
    }
    this.#deferTick();
  }

  get #mayBegin(): boolean {
    return this.#left > 0 && this.#underway < this.#options.maxUnderway;
  }

  #begin(name: string, task: Task): void {
    this.#underway++;
    this.#left--;
    let isDone = false;
    task((cost) => {
      if (isDone) return;
      isDone = true;
      this.#underway--;
      if (cost > 1) {
        this.#left -= cost - 1;
        this.#groupOf(name).debt += cost - 1;
      }
      if (this.#groups.size > 0) this.#deferTick();
    });
  }

  #groupOf(name: string): Group {
    let group = this.#groups.get(name);
    if (!group) {
      group = { name, tasks: [], debt: 0 };
      this.#groups.set(name, group);
    }
    return group;
  }

  #deferTick(): void {
    if (this.#isDeferred) return;
    this.#isDeferred = true;
    this.#options.defer(() => this.#tick());
  }

  #tick(): void {
    this.#isDeferred = false;
    this.#isTicking = true;
    this.#left = this.#options.perTick;
    while (this.#mayBegin && this.#groups.size > 0) this.#nextTurn();
    this.#isTicking = false;
    // What is under way ends with a tick of its own.
    if (this.#groups.size > 0 && this.#underway < this.#options.maxUnderway) this.#deferTick();
  }

  /** A Map keeps insertion order: whose turn it was goes to the end. */
  #nextTurn(): void {
    const next = this.#groups.values().next();
    if (next.done) return;
    const group = next.value;
    this.#groups.delete(group.name);
    if (group.debt > 0) {
      group.debt--;
      if (group.debt > 0 || group.tasks.length > 0) this.#groups.set(group.name, group);
      return;
    }
    const task = group.tasks.shift();
    if (!task) return;
    if (group.tasks.length > 0) this.#groups.set(group.name, group);
    this.#waiting--;
    this.#begin(group.name, task);
  }
}
