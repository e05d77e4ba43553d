import { networkInterfaces } from "node:os";
import { describe, expect, it, onTestFinished } from "vitest";
import { askStunServers, parseStunServer, udpWorksHere } from "../../../electron/adapters/net/stun.ts";
import { type StunBehaviour, startStunServer, stunMessage, stunSuccess } from "../../fakes/stun-server.ts";

const quick = { firstRetransmitMs: 20, attempts: 3 };

describe("asking STUN servers", () => {
  it("learns from each the address and port that this one socket has", async () => {
    const servers = [await start(), await start()];
    const report = await askStunServers(servers, 4);
    expect(report.answers).toHaveLength(2);
    for (const [i, answer] of report.answers.entries()) {
      expect(answer).toMatchObject({
        state: "answered",
        server: servers[i],
        mapped: { address: "127.0.0.1", port: report.localPort },
        rttMs: expect.any(Number),
      });
    }
  });

  it.runIf(hasIpv6Loopback())("works over IPv6", async () => {
    const server = await start(undefined, "::1");
    const report = await askStunServers([{ host: "::1", port: server.port }], 6);
    expect(report.answers[0]).toMatchObject({ state: "answered", mapped: { address: "::1", port: report.localPort } });
  });

  it("shows a NAT that gives every server another port", async () => {
    const [a, b] = [await start(mappingTo("203.0.113.5", 1000)), await start(mappingTo("203.0.113.5", 2000))];
    const { answers } = await askStunServers([a, b], 4);
    expect(answers.map((answer) => answer.state === "answered" && answer.mapped.port)).toEqual([1000, 2000]);
  });

  it("asks again, with the same transaction, when a request or its answer is lost", async () => {
    const server = await start((request, from, count) =>
      count < 3 ? [] : [stunSuccess(request, from.address, from.port)],
    );
    const { answers } = await askStunServers([server], 4, quick);
    expect(answers[0]?.state).toBe("answered");
    expect(server.requests).toHaveLength(3);
    expect(new Set(server.requests.map((request) => request.toString("hex"))).size).toBe(1);
  });

  it("gives up on a silent server, and the others' answers stand", async () => {
    const [silent, fine] = [await start(() => []), await start()];
    const { answers } = await askStunServers([silent, fine], 4, quick);
    expect(answers[0]).toMatchObject({ state: "silent", reason: "no answer to 3 requests" });
    expect(answers[1]?.state).toBe("answered");
    expect(silent.requests).toHaveLength(3);
  });

  it("waits for the right answer through wrong ones", async () => {
    const server = await start((request, from) => {
      const forged = Buffer.from(request);
      forged[19] = forged[19]! ^ 1;
      return [
        Buffer.from("no STUN at all"),
        stunSuccess(forged, "198.51.100.1", 1),
        stunSuccess(request, from.address, from.port),
      ];
    });
    const report = await askStunServers([server], 4);
    expect(report.answers[0]).toMatchObject({ state: "answered", mapped: { address: "127.0.0.1" } });
  });

  it("does not believe an answer that comes from elsewhere than the server", async () => {
    const stranger = await start();
    const server = await start((request, from) => {
      stranger.sendTo(from.port, stunSuccess(request, "198.51.100.1", 1));
      return [];
    });
    const { answers } = await askStunServers([server], 4, quick);
    expect(answers[0]?.state).toBe("silent");
  });

  it("reports a refusal", async () => {
    const server = await start((request) => [stunMessage(request, 0x0111, [[0x0009, Buffer.from([0, 0, 4, 3])]])]);
    const { answers } = await askStunServers([server], 4);
    expect(answers[0]).toMatchObject({ state: "refused", reason: "The server refused (STUN error 403)." });
  });

  it("tells a server without an address of the family from one that does not answer", async () => {
    const { answers } = await askStunServers([{ host: "127.0.0.1", port: 9 }], 6, quick);
    expect(answers[0]?.state).toBe("no_address");
  });
});

describe("a STUN server's address as people write it", () => {
  it.each([
    ["stun.example.org", { host: "stun.example.org", port: 3478 }],
    ["stun:stun.example.org:19302", { host: "stun.example.org", port: 19302 }],
    ["192.0.2.1:1", { host: "192.0.2.1", port: 1 }],
    ["[2001:db8::1]", { host: "2001:db8::1", port: 3478 }],
    ["[2001:db8::1]:5", { host: "2001:db8::1", port: 5 }],
    ["2001:db8::1", undefined],
    ["host:0", undefined],
    ["host:65536", undefined],
    ["turn:host", undefined],
    ["", undefined],
  ])("%s", (text, expected) => {
    expect(parseStunServer(text, 3478)).toEqual(expected);
  });
});

it("UDP to this machine itself works", async () => {
  expect(await udpWorksHere(2_000)).toEqual({ works: true, reason: "" });
});

async function start(behaviour?: StunBehaviour, address = "127.0.0.1") {
  const server = await startStunServer(behaviour, address);
  onTestFinished(() => server.stop());
  return { ...server, host: address };
}

function mappingTo(address: string, port: number): StunBehaviour {
  return (request) => [stunSuccess(request, address, port)];
}

function hasIpv6Loopback(): boolean {
  return Object.values(networkInterfaces()).some((each) => each?.some(({ address }) => address === "::1"));
}
