import { beforeEach, describe, expect, it } from "vitest";
import { AddressLimits } from "../../../electron/server/address-limits.ts";
import { Admission } from "../../../electron/server/admission.ts";
import { defaultLimits } from "../../../electron/server/limits.ts";

const at = (group: string, isLimited = true) => ({ group, isLimited });
const guest = (group: string, isInRoom = false, isLimited = true) => ({ address: at(group, isLimited), isInRoom });

let evicted: unknown[];
let admission: Admission<ReturnType<typeof guest>>;

beforeEach(() => {
  evicted = [];
  admission = new Admission({
    limits: { ...defaultLimits, maxConnections: 4, maxConnectionsPerAddress: 2 },
    addresses: new AddressLimits(3),
    allowedOrigins: ["https://vpn.example"],
    onEvicted: (each) => evicted.push(each),
  });
});

function enter(group: string, now = 0, isInRoom = false, isLimited = true) {
  expect(admission.refuse(undefined, at(group, isLimited), now)).toBeUndefined();
  const entered = guest(group, isInRoom, isLimited);
  admission.enter(entered, now);
  return entered;
}

describe("whoever wants to connect", () => {
  it("is asked where the page is from, if it is one", () => {
    for (const origin of ["https://evil.example", "null", "https://vpn.example.evil", ""]) {
      expect(admission.refuse(origin, at("a"), 0)).toMatchObject({ status: 403 });
    }
    expect(admission.refuse("https://vpn.example", at("a"), 0)).toBeUndefined();
  });

  it("finds its address's share used up, and free again, but not any number of times a minute", () => {
    const [first] = [enter("a"), enter("a")];
    expect(admission.refuse(undefined, at("a"), 0)).toBe(429);
    admission.leave(first);
    admission.leave(first);
    enter("a");
    admission.leave(first);
    expect(admission.refuse(undefined, at("a"), 0)).toBe(429);
    expect(admission.refuse(undefined, at("b"), 0)).toBeUndefined();
  });

  it("is not counted by address where that tells nobody apart", () => {
    for (let i = 0; i < 4; i++) enter("127.0.0.1", 0, false, false);
  });

  it("gets the place of somebody idle when the server is full, and none of a member's", () => {
    enter("a", 0, true);
    const idle = enter("b");
    enter("c", 0, true);
    enter("d", 0, true);
    expect(admission.refuse(undefined, at("e"), 9_999)).toBe(503);
    enter("e", 10_000);
    expect(evicted).toEqual([idle]);
    expect(admission.refuse(undefined, at("f"), 19_999)).toBe(503);
  });
});
