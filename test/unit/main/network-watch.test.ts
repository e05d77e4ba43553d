import type { NetworkInterfaceInfo } from "node:os";
import { beforeEach, describe, expect, it } from "vitest";
import { type WhatChanged, watchNetwork } from "../../../electron/main/network-watch.ts";
import type { Clock } from "../../../shared/base/clock.ts";
import { FakeClock } from "../../fakes/clock.ts";

type Interfaces = NodeJS.Dict<NetworkInterfaceInfo[]>;

function address(text: string, internal = false): NetworkInterfaceInfo {
  const rest = { netmask: "", mac: "", cidr: null, internal };
  return text.includes(":")
    ? { ...rest, address: text, family: "IPv6", scopeid: 0 }
    : { ...rest, address: text, family: "IPv4" };
}

let clock: FakeClock;
let machine: Interfaces;
let changes: WhatChanged[];
beforeEach(() => {
  clock = new FakeClock();
  machine = { lo: [address("127.0.0.1", true)], eth0: [address("192.0.2.7")] };
  changes = [];
});

const isTunnel = (name: string) => name.startsWith("govpn");
function watch(time: Clock = clock) {
  return watchNetwork(
    time,
    isTunnel,
    (change) => changes.push(change),
    () => machine,
  );
}

describe("watching the network", () => {
  it("is silent while nothing changes", async () => {
    watch();
    await clock.advance(3_600_000);
    expect(changes).toEqual([]);
  });

  it("tells the usable addresses within seconds of a change", async () => {
    watch();
    machine = { ...machine, wlan0: [address("198.51.100.9"), address("2001:db8::9"), address("fe80::9")] };
    await clock.advance(5_000);
    expect(changes).toEqual([{ kind: "addresses", addresses: new Set(["192.0.2.7", "198.51.100.9", "2001:db8::9"]) }]);
  });

  it("tells that all are gone as no address at all", async () => {
    watch();
    machine = { lo: machine.lo };
    await clock.advance(5_000);
    expect(changes).toEqual([{ kind: "addresses", addresses: new Set() }]);
  });

  it("does not mind the order in which the system lists them", async () => {
    machine.eth0 = [address("192.0.2.7"), address("192.0.2.8")];
    watch();
    machine = { ...machine, eth0: [address("192.0.2.8"), address("192.0.2.7")] };
    await clock.advance(5_000);
    expect(changes).toEqual([]);
  });

  it("ignores tunnel devices, link-local and loopback addresses", async () => {
    watch();
    machine = {
      ...machine,
      govpn0: [address("100.64.1.2")],
      eth1: [address("fe80::1")],
      dummy: [address("127.0.0.2", true)],
    };
    await clock.advance(5_000);
    expect(changes).toEqual([]);
  });

  it("tells that the machine woke when a look comes far too late by the wall clock", async () => {
    let sleptMs = 0;
    // Timers stand still while a machine sleeps; the wall clock does not.
    const sleeping: Clock = {
      now: () => clock.now(),
      wallTime: () => clock.wallTime() + sleptMs,
      after: (ms, task) => clock.after(ms, task),
      every: (ms, task) => clock.every(ms, task),
    };
    watch(sleeping);
    sleptMs = 60_000;
    await clock.advance(3_000);
    expect(changes).toEqual([{ kind: "woke" }]);
    await clock.advance(60_000);
    expect(changes).toHaveLength(1);
  });

  it("stops when it is told to", async () => {
    watch().dispose();
    machine = {};
    await clock.advance(60_000);
    expect(changes).toEqual([]);
    expect(clock.pending).toBe(0);
  });
});
