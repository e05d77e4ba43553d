/** The links that the programs are compared on. */
export interface Link {
  readonly name: string;
  readonly title: string;
  /** What the emulator does to each direction; a veth pair alone when absent. */
  readonly emulated?: Emulation;
}

/** Options of link/link.c, of each direction. */
export interface Emulation {
  /** One way, in milliseconds: half of what ping sees. */
  readonly delayMs: number;
  /** Packets dropped at random, in percent of all, in either direction. */
  readonly lossPercent?: number;
  readonly rateMbit?: number;
  /** How long a packet may wait for the bottleneck; what would wait longer is dropped. */
  readonly queueMs?: number;
  /** Packets that arrive `lateMs` after their turn, in percent of all. */
  readonly reorderPercent?: number;
  readonly lateMs?: number;
}

const lossy = (roundTripMs: number, lossPercent: number): Link => ({
  name: `${roundTripMs}ms-${lossPercent}%`,
  title: `${roundTripMs} ms, ${lossPercent} % loss each way`,
  emulated: { delayMs: roundTripMs / 2, lossPercent },
});

export const links: readonly Link[] = [
  { name: "clean", title: "clean (a veth pair)" },
  { name: "20ms", title: "20 ms", emulated: { delayMs: 10 } },
  lossy(20, 0.1),
  lossy(20, 0.5),
  lossy(20, 1),
  lossy(20, 3),
  lossy(100, 1),
  {
    name: "100mbit",
    title: "100 Mbit/s bottleneck with a 50 ms buffer, 10 ms",
    emulated: { delayMs: 5, rateMbit: 100, queueMs: 50 },
  },
  {
    name: "reorder-1%",
    title: "20 ms, 1 % of packets 1 ms late",
    emulated: { delayMs: 10, reorderPercent: 1, lateMs: 1 },
  },
];

/** The emulator's command line, without the namespaces. */
export function emulatorArguments(emulation: Emulation): readonly string[] {
  const { delayMs, lossPercent, rateMbit, queueMs, reorderPercent, lateMs } = emulation;
  const options = {
    delay: delayMs,
    "loss-ab": lossPercent,
    "loss-ba": lossPercent,
    rate: rateMbit,
    queue: queueMs,
    reorder: reorderPercent,
    late: lateMs,
  };
  return Object.entries(options).flatMap(([name, value]) => (value === undefined ? [] : [`--${name}`, String(value)]));
}
