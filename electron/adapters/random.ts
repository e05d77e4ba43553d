import { randomBytes } from "node:crypto";
import type { RandomBytes } from "../../shared/base/random.ts";

export const secureRandom: RandomBytes = (length) => new Uint8Array(randomBytes(length));
