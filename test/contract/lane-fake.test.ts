import { describe } from "vitest";
import { lanePair } from "../fakes/lane.ts";
import { laneContract } from "./lane.ts";

describe("the fake lane pair", () => {
  laneContract(async () => {
    const [a, b] = lanePair({ maxPacketBytes: 16_384, capacity: 64 });
    return { a, b, closeA: () => a.close() };
  });
});
