import { beforeAll, describe, expect, it } from "vitest";
import type { ListeningProgram } from "./lab/host.ts";
import { allConnected, createRoom, joinRoom, type Member, type RoomKey } from "./lab/member.ts";
import { download, httpServe, ping } from "./lab/traffic.ts";
import { useLab } from "./lab/use-lab.ts";

/**
 * The signaling server dies and comes back; the tunnels between those it introduced do not care.
 *
 *   host 1: ann ═══════ tunnel ═══════ bob :host 2       host 4: cat, who joins later
 *          └──────────── switch ───────────┴─────────────────┘
 *                           │
 *                 10.66.0.3: govpn serve
 */

const MIB = 1024 * 1024;

describe("when the signaling server is killed", () => {
  const lab = useLab({ hosts: 4 });
  let server: ListeningProgram;
  let serve: () => Promise<ListeningProgram>;
  let ann: Member;
  let bob: Member;
  let key: RoomKey;

  beforeAll(async () => {
    const data = lab().host(3).newProfile();
    serve = () => lab().host(3).serve(["--data", data]);
    server = await serve();
    ({ owner: ann, key } = await createRoom(lab().host(1), server.url, { username: "ann", name: "Lasting" }));
    bob = await joinRoom(lab().host(2), key, { username: "bob" });
    await allConnected([ann, bob]);
  });

  it("a download through the tunnel completes, and of a ping every 10 ms not one reply is lost", async () => {
    const web = await httpServe(bob.host, 100 * MIB, 8000, bob.ipv4);
    const marks = new Map([ann, bob].map((member) => [member, member.now]));
    const pinging = ping(ann.host, bob.ipv4, { count: 1000, intervalMs: 10 }).then((result) => {
      expect(server.program.running).toBe(false);
      return result;
    });
    let killedAfter = 0;
    const got = await download(ann.host, `http://${bob.ipv4}:8000/`, {
      onProgress: (bytes) => {
        if (killedAfter > 0 || bytes < 20 * MIB) return;
        killedAfter = bytes;
        server.program.killNow();
      },
    });
    expect(got).toMatchObject({ bytes: 100 * MIB, sha256: web.sha256 });
    expect(killedAfter).toBeLessThan(50 * MIB);
    const pings = await pinging;
    console.log(`ping while downloading, server killed: ${pings.output.split("\n").slice(-3).join(" ")}`);
    expect(pings).toMatchObject({ sent: 1000, received: 1000 });
    for (const [member, from] of marks) {
      await member.server("waiting", { from });
      const news = member.up.events.slice(from).filter(({ event }) => event === "peer");
      expect(news.filter(({ state }) => state !== "connected")).toEqual([]);
    }
    await web.stop();
  });

  it("the members know it, and keep each other", async () => {
    const status = await ann.status();
    expect(status.server.state).toMatch(/^(waiting|connecting)$/);
    expect(status.rooms).toMatchObject([{ room_id: key.roomId, name: "Lasting", state: "reconnecting" }]);
    expect(await ann.peer(bob)).toMatchObject({ state: "connected" });
  });

  it("and started again on the same data, both are back in their room by themselves", async () => {
    const marks = new Map([ann, bob].map((member) => [member, member.now]));
    server = await serve();
    for (const [member, from] of marks) {
      await member.server("online", { from });
      const back = await member.room("joined", { from });
      expect(back).toMatchObject({ room_id: key.roomId, name: "Lasting" });
      const news = member.up.events.slice(from).filter(({ event }) => event === "peer");
      expect(news.filter(({ state }) => state !== "connected")).toEqual([]);
    }
    expect((await ann.status()).rooms).toMatchObject([{ owner: true, state: "joined" }]);
    await ann.tell("rename", "Lasting longer");
    await bob.up.waitFor(({ event, name }) => event === "room" && name === "Lasting longer");
  });

  it("somebody new joins by the same link and PIN, and reaches both", async () => {
    const cat = await joinRoom(lab().host(4), key, { username: "cat" });
    await allConnected([ann, bob, cat]);
    for (const { ipv4, ipv6 } of [ann, bob]) {
      expect(await ping(cat.host, ipv4)).toMatchObject({ received: 3 });
      expect(await ping(cat.host, ipv6)).toMatchObject({ received: 3 });
    }
  });
});

describe("when a server that keeps its rooms in memory only is started again", () => {
  const lab = useLab({ hosts: 3 });

  it("everybody is told that the room is gone, and can go on with a new one", async () => {
    const before = await lab().host(3).serve(["--memory"]);
    const { owner: ann, key } = await createRoom(lab().host(1), before.url, { username: "ann" });
    const bob = await joinRoom(lab().host(2), key, { username: "bob" });
    await allConnected([ann, bob]);
    await before.kill();
    expect(await ping(ann.host, bob.ipv4)).toMatchObject({ received: 3 });

    await lab().host(3).serve(["--memory"]);
    for (const member of [ann, bob]) {
      expect(await member.room("left")).toMatchObject({
        room_id: key.roomId,
        reason: "deleted",
        message: "Room does not exist",
      });
      expect((await member.status()).rooms).toEqual([]);
    }
    const marks = [ann.now, bob.now];
    const made = await ann.tell("create", "Another", "--pin", "4321");
    await bob.tell("join", String(made.link), "--pin", "4321");
    await Promise.all([
      ann.sees(bob, "connected", { from: marks[0] ?? 0 }),
      bob.sees(ann, "connected", { from: marks[1] ?? 0 }),
    ]);
    expect(await ping(ann.host, bob.ipv6)).toMatchObject({ received: 3 });
  });
});
