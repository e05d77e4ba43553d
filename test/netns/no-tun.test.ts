import { beforeAll, describe, expect, it } from "vitest";
import type { ProgramEvent } from "./lab/events.ts";
import { allConnected, createRoom, joining, joinRoom, type Member, type RoomKey, startUp } from "./lab/member.ts";
import { useLab } from "./lab/use-lab.ts";

/**
 * A machine whose user may not make a network device: it is in the room, it is connected, and it says what is missing.
 *
 *   host 1: ann, govpn0 ═══════ link ═══════ bob, no device :host 2
 *                └───────────── switch ─────────────┘
 *                                  │
 *                        10.66.0.3: govpn serve
 */

/** Root in all but what a network device needs, as in a container. */
const WITHOUT_NET_ADMIN = ["setpriv", "--bounding-set", "-net_admin", "--inh-caps", "-net_admin"];

describe("a machine that may not make a network device", () => {
  const lab = useLab({ hosts: 3 });
  let ann: Member;
  let bob: Member;
  let key: RoomKey;

  beforeAll(async () => {
    const server = await lab().host(3).serve();
    ({ owner: ann, key } = await createRoom(lab().host(1), server.url, { username: "ann" }));
    bob = await joinRoom(lab().host(2), key, { username: "bob", under: WITHOUT_NET_ADMIN, args: ["--tun", "auto"] });
  });

  it("is ready, in the room, and tells programs which right is missing", async () => {
    const failed = { state: "failed", code: "tun_permission", message: expect.stringContaining("govpn0") };
    const isFailed = (e: ProgramEvent) => e.event === "tunnel" && e.state === "failed";
    expect(await bob.up.waitFor(isFailed)).toMatchObject(failed);
    expect((await bob.status()).tunnel).toEqual(failed);
    expect((await bob.host.run("ip", ["link", "show", "govpn0"])).code).not.toBe(0);
  });

  it("is connected with the others all the same, and answers govpn ping both ways", async () => {
    await allConnected([ann, bob]);
    expect(await ann.peer(bob)).toMatchObject({ username: "bob", state: "connected", path: "direct" });
    expect(await ann.tell("ping", "bob", "-c", "3")).toMatchObject({ sent: 3, received: 3 });
    expect(await bob.tell("ping", "ann", "-c", "3")).toMatchObject({ sent: 3, received: 3 });
  });

  it("tells people what to do about it", async () => {
    const { stdout } = await bob.host.govpn(["status", "--profile", bob.profile]);
    expect(stdout).toMatch(/^Device +none: .*run as root, or .*cap_net_admin/m);
  });

  it("refuses to come up where a device is required, with a sentence and status 1", async () => {
    const profile = lab().host(2).newProfile();
    const up = startUp(lab().host(2), joining(key), {
      profile,
      under: WITHOUT_NET_ADMIN,
      args: ["--tun", "required"],
    });
    expect(await up.program.exited).toBe(1);
    expect(up.events.at(-1)).toMatchObject({
      event: "error",
      code: "tun_permission",
      message: expect.stringMatching(/run as root, or .*cap_net_admin/),
    });
  });

  it("needs none where it is told to do without", async () => {
    const cat = await joinRoom(lab().host(2), key, {
      username: "cat",
      profile: lab().host(2).newProfile(),
      under: WITHOUT_NET_ADMIN,
      args: ["--tun", "off"],
    });
    await allConnected([ann, cat]);
    expect((await cat.status()).tunnel).toEqual({ state: "off" });
    expect(await cat.tell("ping", "ann")).toMatchObject({ received: 4 });
  });
});
