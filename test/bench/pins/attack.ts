import { randomInt } from "node:crypto";
import { TrustedProxies } from "../../../electron/server/client-address.ts";
import type { RoomStore } from "../../../electron/server/room-store.ts";
import { type RunningServer, startServer } from "../../../electron/server/server.ts";
import { createLogger } from "../../../shared/base/logger.ts";
import { type Answer, Caller, Key } from "./caller.ts";
import { LeapClock } from "./leap-clock.ts";

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
/** The longest that the server keeps an answer back. */
const LATEST_ANSWER_MS = 16_000;
/** How long the machine has for a batch of answers before the clock is moved on for those that are kept back. */
const MACHINE_TIME_MS = 200;
/** Calls under way at once: the queue of connections that nobody has accepted yet is finite. */
const BATCH = 200;
const PIN = "4711";

export interface AttackOptions {
  /** A store that knows what another one knew that it opened before: the server is started anew halfway. */
  readonly openStore: () => RoomStore;
  /** How many machines guess, each from an address of its own, with a new key for each guess. */
  readonly addresses: number;
  /** Keys that were in the room, and guess as if they did not know its PIN. */
  readonly memberKeys: number;
  /** The same for the owner's. */
  readonly ownerKey: boolean;
  readonly hours: number;
  /** Everybody guesses once in so many minutes. */
  readonly everyMinutes: number;
  readonly onHour?: (hour: number) => void;
}

export interface AttackFigures {
  readonly tried: number;
  /** Wrong PINs that the server compared with the room's. */
  readonly compared: number;
  /** The most of them in any 24 hours. */
  readonly comparedInADay: number;
  readonly refused: number;
  /** Whoever knew the PIN and came every hour: how often it was let in, of how often it came. */
  readonly owner: Visits;
  readonly member: Visits;
  readonly newcomer: Visits;
}

interface Visits {
  letIn: number;
  of: number;
}

/**
 * Guesses a room's PIN at a real server, over real sockets, with a clock that is moved on between the guesses.
 * Addresses are what a trusted proxy says.
 */
export async function attackPins(options: AttackOptions): Promise<AttackFigures> {
  const attack = new Attack(options);
  try {
    return await attack.run();
  } finally {
    await attack.end();
  }
}

class Attack {
  readonly #options: AttackOptions;
  readonly #clock = new LeapClock();
  readonly #owner = new Key();
  readonly #honestMember = new Key();
  readonly #stolen: Key[] = [];
  readonly #comparedAt: number[] = [];
  readonly #visits = { owner: none(), member: none(), newcomer: none() };
  #server: RunningServer | undefined;
  #roomId = "";
  #tried = 0;
  #refused = 0;
  #wrong = 0;

  constructor(options: AttackOptions) {
    this.#options = options;
  }

  async run(): Promise<AttackFigures> {
    const { hours, everyMinutes, onHour } = this.#options;
    await this.#start();
    await this.#fillRoom();
    const rounds = (hours * 60) / everyMinutes;
    for (let round = 0; round < rounds; round++) {
      const at = round * everyMinutes * MINUTE_MS;
      this.#clock.leap(Math.max(0, at - this.#clock.now()));
      if (round === Math.floor(rounds / 2)) await this.#restart();
      await this.#guess(round);
      if (at % HOUR_MS !== 0) continue;
      await this.#visit();
      onHour?.(at / HOUR_MS);
    }
    if (this.#wrong !== this.#comparedAt.length) throw new Error("the server compared other PINs than it answered");
    return this.#figures();
  }

  async end(): Promise<void> {
    await this.#server?.close();
  }

  #figures(): AttackFigures {
    const inDayFrom = (from: number) => this.#comparedAt.filter((at) => at >= from && at < from + 24 * HOUR_MS).length;
    return {
      tried: this.#tried,
      compared: this.#comparedAt.length,
      comparedInADay: Math.max(0, ...this.#comparedAt.map(inDayFrom)),
      refused: this.#refused,
      ...this.#visits,
    };
  }

  async #start(): Promise<void> {
    const proxies = TrustedProxies.parse(["127.0.0.1"]);
    if (!proxies.ok) throw new Error(proxies.error.message);
    this.#server = await startServer({
      host: "127.0.0.1",
      port: 0,
      store: this.#options.openStore(),
      clock: this.#clock,
      trustedProxies: proxies.value,
      // The server's own count, beside that of the answers.
      logger: createLogger(({ message }) => {
        if (message === "wrong PIN") this.#comparedAt.push(this.#clock.now());
      }),
    });
  }

  async #restart(): Promise<void> {
    await this.#server?.close();
    await this.#start();
  }

  async #fillRoom(): Promise<void> {
    const creation = { type: "CreateRoom", room_name: "Target", password: PIN };
    const created = await this.#call(this.#owner, addressOf(0), creation);
    if (created.kind !== "RoomCreated") throw new Error(`no room: ${created.kind}`);
    this.#roomId = created.roomId;
    for (let i = 0; i < this.#options.memberKeys; i++) this.#stolen.push(new Key());
    const joins = [this.#honestMember, ...this.#stolen].map((key, i) => this.#join(key, addressOf(1 + i), PIN));
    for (const { kind } of await Promise.all(joins)) if (kind !== "RoomJoined") throw new Error(`no member: ${kind}`);
    if (this.#options.ownerKey) this.#stolen.push(this.#owner);
  }

  /** Everybody once, together: from each address with a new key, and with each key that was in the room. */
  async #guess(round: number): Promise<void> {
    const { addresses } = this.#options;
    const guesses = [
      ...Array.from({ length: addresses }, (_, i) => ({ key: new Key(), address: addressOf(1000 + i) })),
      ...this.#stolen.map((key, i) => ({ key, address: addressOf(500_000 + i + round * 1000) })),
    ];
    for (let i = 0; i < guesses.length; i += BATCH) {
      const batch = guesses.slice(i, i + BATCH).map(({ key, address }) => this.#join(key, address, wrongPin()));
      for (const answer of await this.#withLateAnswers(batch)) this.#count(answer);
    }
  }

  #count({ kind }: Answer): void {
    this.#tried++;
    if (kind === "Incorrect password") this.#wrong++;
    else if (kind === "Rate limit exceeded. Please try again later.") this.#refused++;
    else throw new Error(`a guess was answered with ${kind}`);
  }

  /** Late answers wait for the clock, all others only for the machine: most are here before time moves. */
  async #withLateAnswers(answers: readonly Promise<Answer>[]): Promise<Answer[]> {
    const leaps = setInterval(() => this.#clock.leap(LATEST_ANSWER_MS), MACHINE_TIME_MS);
    try {
      return await Promise.all(answers);
    } finally {
      clearInterval(leaps);
    }
  }

  /** Who knows the PIN and wants in: the owner, a member that lost its connection, somebody who was never there. */
  async #visit(): Promise<void> {
    const { owner, member, newcomer } = this.#visits;
    const hour = owner.of;
    for (const [visits, key] of [
      [owner, this.#owner],
      [member, this.#honestMember],
      [newcomer, new Key()],
    ] as const) {
      const [answer] = await this.#withLateAnswers([this.#join(key, addressOf(900_000 + hour), PIN)]);
      visits.of++;
      if (answer?.kind === "RoomJoined") visits.letIn++;
    }
  }

  #join(key: Key, address: string, pin: string): Promise<Answer> {
    return this.#call(key, address, { type: "JoinRoom", room_id: this.#roomId, password: pin });
  }

  async #call(key: Key, address: string, message: object): Promise<Answer> {
    const caller = await Caller.open(this.#server?.port ?? 0, address);
    try {
      return await caller.ask(key, message);
    } finally {
      caller.end();
    }
  }
}

const none = (): Visits => ({ letIn: 0, of: 0 });

/** Of 198.18.0.0/15, which RFC 2544 sets aside for benchmarks, and what follows it. */
function addressOf(n: number): string {
  const address = ((198 << 24) >>> 0) + (18 << 16) + n + 1;
  return [24, 16, 8, 0].map((shift) => (address >>> shift) & 0xff).join(".");
}

function wrongPin(): string {
  const pin = String(randomInt(10_000)).padStart(4, "0");
  return pin === PIN ? "0000" : pin;
}
