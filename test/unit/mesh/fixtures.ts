import type { RoomId } from "../../../shared/base/brand.ts";
import type { RandomBytes } from "../../../shared/base/random.ts";
import { type KeyPair, keyPairFrom, type Signer, signerOf, verifySignature } from "../../../shared/identity/keys.ts";
import { FakeClock } from "../../fakes/clock.ts";

export const room = "room1" as RoomId;

/** Bytes that look random and are the same in every run (xorshift32). */
export function seededRandom(seed = 1): RandomBytes {
  let state = seed >>> 0 || 1;
  return (length) =>
    Uint8Array.from({ length }, () => {
      state ^= state << 13;
      state ^= state >>> 17;
      state ^= state << 5;
      return state & 0xff;
    });
}

/** The same key pair for the same number; `smaller` gives way to nobody, `larger` to it. */
export function keyPair(seed: number): KeyPair {
  return keyPairFrom(seededRandom(seed * 7919)(32));
}

const [one, two] = [keyPair(1), keyPair(2)] as const;
export const smaller = one.publicKey < two.publicKey ? one : two;
export const larger = smaller === one ? two : one;

/** Signs at once, like signerOf, but only when the test says so. */
export function slowSigner(pair: KeyPair): { readonly signer: Signer; release(): void; fail(): void } {
  let waiting: { go: () => void; fail: () => void }[] = [];
  const real = signerOf(pair);
  return {
    signer: {
      publicKey: pair.publicKey,
      sign: (message) =>
        new Promise((resolve, reject) => {
          waiting.push({
            go: () => resolve(real.sign(message)),
            fail: () => reject(new Error("the keychain is locked")),
          });
        }),
    },
    release() {
      const now = waiting;
      waiting = [];
      for (const { go } of now) go();
    },
    fail() {
      const now = waiting;
      waiting = [];
      for (const { fail } of now) fail();
    },
  };
}

export function sealing(pair: KeyPair, clock = new FakeClock(), random = seededRandom(5)) {
  return { signer: signerOf(pair), clock, random };
}

export type { KeyPair };
export { signerOf, verifySignature };
