import { u8 } from "../packet/words.ts";

/**
 * A frame of a speed test, between packets on the same lane. Its first four bits are 15, which is neither an IP version
 * nor an offload's frame; only a peer that says "speed" in its hello is sent one. All numbers are big-endian.
 *
 *   0      240
 *   1      type
 *   2-5    the test, a random number
 *   6-21   four numbers of 32 bits, by type
 *   22     data: 1 when it asks for an ack now
 *   23     0, and what fills a data frame up
 */
export const SPEED_CAPABILITY = "speed";
const MARK = 0xf0;
const HEADER_BYTES = 24;
/** Every path carries it, and every lane takes it whole. */
export const SPEED_DATA_BYTES = 1_200;

export const SPEED_TYPES = { data: 0, ack: 1, ask: 2, refuse: 3 } as const;
type SpeedType = (typeof SPEED_TYPES)[keyof typeof SPEED_TYPES];

export interface SpeedFrame {
  readonly type: SpeedType;
  readonly test: number;
  /** data: sequence number. ack: data frames received. ask: milliseconds. */
  readonly a: number;
  /** data: the sender's time in microseconds, cut to 32 bits. ack: the highest sequence number received. */
  readonly b: number;
  /** ack: the time of the newest data frame, as it came. */
  readonly c: number;
  /** ack: microseconds between the first and the newest data frame. */
  readonly d: number;
  /** data: ack it at once. */
  readonly isAckWanted: boolean;
}

export function isSpeedFrame(frame: Uint8Array): boolean {
  return frame.length >= HEADER_BYTES && u8(frame, 0) === MARK;
}

/** @param into of HEADER_BYTES at least; its length is the frame's. */
export function writeSpeedFrame(
  into: Uint8Array,
  frame: Partial<SpeedFrame> & Pick<SpeedFrame, "type" | "test">,
): void {
  const view = new DataView(into.buffer, into.byteOffset, into.byteLength);
  const { type, test, a = 0, b = 0, c = 0, d = 0, isAckWanted = false } = frame;
  view.setUint8(0, MARK);
  view.setUint8(1, type);
  view.setUint32(2, test);
  [a, b, c, d].forEach((value, i) => {
    view.setUint32(6 + 4 * i, value);
  });
  view.setUint8(22, isAckWanted ? 1 : 0);
}

export function newSpeedFrame(type: SpeedType): Uint8Array {
  return new Uint8Array(type === SPEED_TYPES.data ? SPEED_DATA_BYTES : HEADER_BYTES);
}

/** Undefined when it is of a later version's type, or a data frame of another size than the figures count on. */
export function readSpeedFrame(frame: Uint8Array): SpeedFrame | undefined {
  if (!isSpeedFrame(frame)) return undefined;
  const view = new DataView(frame.buffer, frame.byteOffset, frame.byteLength);
  const type = Object.values(SPEED_TYPES).find((each) => each === view.getUint8(1));
  if (type === undefined || (type === SPEED_TYPES.data && frame.length !== SPEED_DATA_BYTES)) return undefined;
  const [test, a, b, c, d] = [2, 6, 10, 14, 18].map((at) => view.getUint32(at));
  if (test === undefined || a === undefined || b === undefined || c === undefined || d === undefined) return undefined;
  return { type, test, a, b, c, d, isAckWanted: view.getUint8(22) === 1 };
}
