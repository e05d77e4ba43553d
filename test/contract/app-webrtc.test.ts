import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { createHost, type HostRequest, type RunningHost } from "../../electron/main/compose.ts";
import type { AppMethod, AppParams, AppReplies, AppState } from "../../shared/ipc/app.ts";

// Two programs as people run them, without network devices: real profiles, a real server, real WebRTC on loopback.

let folder: string;
let running: RunningHost[];

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "govpn-app-"));
  running = [];
});
afterEach(async () => {
  await Promise.all(running.map((each) => each.stop()));
  rmSync(folder, { recursive: true, force: true });
});

async function start(name: string, request: Partial<HostRequest>): Promise<RunningHost> {
  const made = await createHost(
    { profile: join(folder, name), tun: "off", connect: true, transports: { iceServers: [] }, ...request },
    () => {},
  );
  if (!made.ok) throw new Error(made.error.message);
  running.push(made.value);
  const started = await made.value.start();
  if (!started.ok) throw new Error(started.error.message);
  return made.value;
}

async function must<M extends AppMethod>(
  { app }: RunningHost,
  method: M,
  params: AppParams<M>,
): Promise<AppReplies[M]> {
  const answer = await app.call(method, params);
  if (!answer.ok) throw new Error(`${method}: ${answer.error.code}, ${answer.error.message}`);
  return answer.value;
}

/** Resolves with the first state of which something is the case. */
function until({ app }: RunningHost, isSo: (state: AppState) => boolean): Promise<AppState> {
  return new Promise((resolve) => {
    const look = (state: AppState) => {
      if (!isSo(state)) return;
      watching.dispose();
      resolve(state);
    };
    const watching = app.watch(look);
    look(watching.state);
  });
}

const links = ({ rooms }: AppState) =>
  Object.values(rooms).flatMap((room) => Object.values(room.members).map(({ state }) => state));

describe("two programs", () => {
  it("meet by an invitation, measure their way, and are back after a restart of one", async () => {
    const server = { kind: "embedded", host: "127.0.0.1", port: 0 } as const;
    const ann = await start("ann", { server, remember: { username: "Ann" } });
    const { roomId } = await must(ann, "create", { name: "Den", pin: "4821" });
    const invitation = await must(ann, "invite", { roomId });
    const url = { kind: "url", url: invitation.server } as const;
    const ben = await start("ben", { remember: { server: url, username: "Ben" }, isStrict: true });
    const { roomId: named, key = "", owner = "" } = await must(ben, "readLink", { link: invitation.link });
    await must(ben, "join", { roomId: named, pin: invitation.pin, key, owner });
    await Promise.all([ann, ben].map((each) => until(each, (state) => links(state).includes("connected"))));

    const figures = await must(ben, "speedTest", { member: "Ann", seconds: 1 });
    expect(figures.upMbps).toBeGreaterThan(1);
    expect(figures.downMbps).toBeGreaterThan(1);
    expect(figures.loadedRttMs).toBeGreaterThan(0);

    await ben.stop();
    await until(ann, (state) => !links(state).includes("connected"));
    const again = await start("ben", {});
    const state = await until(again, (now) => links(now).includes("connected"));
    expect(state.self.username).toBe("Ben");
    const kinds = Object.values(state.activity).map(({ kind }) => kind);
    expect(kinds.filter((kind) => kind === "started")).toHaveLength(2);
    expect(kinds).toContain("room_joined");
  });

  it("are not stopped by each other's profile", async () => {
    await start("ann", { server: { kind: "embedded", host: "127.0.0.1", port: 0 } });
    const second = await createHost({ profile: join(folder, "ann"), tun: "off" }, () => {});
    expect(second).toMatchObject({ ok: false, error: { code: "profile_in_use" } });
  });
});
