import { describe, expect, it } from "vitest";
import { ownersOf, userIn } from "../../../electron/adapters/sockets/peer-user.ts";

/** As Linux prints it, with the columns that nobody reads here cut off. */
const table = `  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
   0: 0100007F:1F90 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 20001 1
   1: 0100007F:1F90 0100007F:C350 01 00000000:00000000 00:00000000 00000000     0        0 20002 1
   2: 0100007F:C350 0100007F:1F90 01 00000000:00000000 00:00000000 00000000  1000        0 20003 1
   3: 0100007F:C351 0100007F:1F90 01 00000000:00000000 00:00000000 00000000  1001        0 20004 1
   4: 0100007F:C350 0100007F:1F91 01 00000000:00000000 00:00000000 00000000  1002        0 20005 1
`;

describe("who holds the other end", () => {
  it("is the user of the line that goes from there to here", () => {
    expect(userIn(table, { address: "127.0.0.1", port: 50_000 }, 8_080)).toBe(1000);
    expect(userIn(table, { address: "127.0.0.1", port: 50_001 }, 8_080)).toBe(1001);
    expect(userIn(table, { address: "127.0.0.1", port: 50_000 }, 8_081)).toBe(1002);
  });

  it("is not known where there is no such line", () => {
    expect(userIn(table, { address: "127.0.0.2", port: 50_000 }, 8_080)).toBeUndefined();
    expect(userIn(table, { address: "127.0.0.1", port: 50_002 }, 8_080)).toBeUndefined();
    expect(userIn("", { address: "127.0.0.1", port: 50_000 }, 8_080)).toBeUndefined();
  });
});

describe("who the person before the machine may be", () => {
  it("is the user who runs the program, and root", () => {
    expect(ownersOf(1000, {})).toEqual(new Set([0, 1000]));
    expect(ownersOf(1000, { SUDO_UID: "1001" })).toEqual(new Set([0, 1000]));
  });

  it("is for a program of root's whoever called sudo or pkexec", () => {
    expect(ownersOf(0, { SUDO_UID: "1000" })).toEqual(new Set([0, 1000]));
    expect(ownersOf(0, { PKEXEC_UID: "1000" })).toEqual(new Set([0, 1000]));
  });

  it("cannot be told in a root shell, or where users have no numbers", () => {
    expect(ownersOf(0, {})).toBeUndefined();
    expect(ownersOf(0, { SUDO_UID: "nobody" })).toBeUndefined();
    expect(ownersOf(undefined, {})).toBeUndefined();
  });
});
