/** The port to randomness: cryptographically secure bytes. A test passes a seeded source instead. */
export type RandomBytes = (length: number) => Uint8Array;

/** A number in [0, 1) from 32 random bits; for jitter, not for keys. */
export function randomFraction(random: RandomBytes): number {
  const [a = 0, b = 0, c = 0, d = 0] = random(4);
  return (((a << 24) | (b << 16) | (c << 8) | d) >>> 0) / 2 ** 32;
}
