import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { failureText, knownFailure } from "../../../renderer/i18n/failures.ts";
import { createI18n } from "../../../renderer/i18n/i18n.ts";

/** What a window asks, and what is told in it, is done here. */
const ANSWERED_IN = [
  "shared/mesh",
  "shared/room",
  "shared/trust",
  "shared/tunnel",
  "shared/signaling",
  "shared/ipc",
  "electron/engine",
  "electron/main",
  "electron/adapters/tun",
  "electron/adapters/secrets",
  "electron/adapters/vault",
  "electron/adapters/profile",
  "electron/adapters/webrtc",
  "electron/server",
];
/** Pages and sockets that no window of this app ever sees an answer of. */
const NOT_THERE = [/electron\/main\/ui-server\//, /electron\/main\/ipc\/control-socket/];

/** Never shown, and why. */
const WITHOUT_WORDS: Readonly<Record<string, string>> = {
  aborted: "whoever asked has gone",
  closed: "a connection's end, which is told of by the member's state",
  unsent: "within the mesh",
  bad_address: "of settings that the program itself makes",
  bad_name: "an interface is not named by the window",
  bad_reply: "a server's fault that ends in the log",
  bad_cidr: "of govpn serve",
  setup_failed: "becomes tun_setup",
  hand_over_self: "is not offered",
  no_room: "the window always names the room",
  which_room: "the window always names the room",
  which_member: "the window names members by key",
  already_there: "of govpn identity move",
  nothing_to_move: "of govpn identity move",
  passphrase_not_used: "said at the start, in a terminal",
  profile_in_use: "the program does not start",
  lock_unavailable: "the program does not start",
  data_in_use: "of govpn serve",
  bad_tls: "of govpn serve",
  no_identity: "of govpn identity",
  ui_unavailable: "there is no window",
};

describe("a failure", () => {
  it("has words in the window wherever it can get there, or a reason why it cannot", () => {
    const found = codesOf(ANSWERED_IN.flatMap(sourcesIn).filter((file) => !NOT_THERE.some((part) => part.test(file))));
    expect(found.size).toBeGreaterThan(80);
    const wordless = [...found].filter((code) => knownFailure(code) === undefined && !(code in WITHOUT_WORDS));
    expect(wordless).toEqual([]);
  });

  it("has a reason for going without words only while there is such a failure", () => {
    const found = codesOf(ANSWERED_IN.flatMap(sourcesIn));
    expect(Object.keys(WITHOUT_WORDS).filter((code) => !found.has(code) || knownFailure(code) !== undefined)).toEqual(
      [],
    );
  });

  it("of a code that is not known keeps the program's own sentence", () => {
    const { t } = createI18n();
    expect(failureText(t, { code: "wrong_pin", message: "no" })).toBe("The PIN is wrong. Ask whoever made the room.");
    expect(failureText(t, { code: "bad_params", message: "no" })).toMatch(/^The window and the program/);
    for (const code of ["of_a_newer_program", "toString", "constructor", ""]) {
      expect(failureText(t, { code, message: "the moon is full" })).toBe("The moon is full");
    }
  });
});

const root = join(import.meta.dirname, "../../..");

function sourcesIn(folder: string): readonly string[] {
  const files = readdirSync(join(root, folder), { recursive: true, encoding: "utf8" });
  return files.filter((file) => file.endsWith(".ts")).map((file) => `${folder}/${file.replaceAll("\\", "/")}`);
}

/** Every code that a failure is made with: `fail("code", …)`, `tunFailure("code", …)`, `{ code: "code", … }`. */
function codesOf(files: readonly string[]): ReadonlySet<string> {
  const made = /\b(?:fail|tunFailure)\(\s*"([a-z_]+)"|\bcode: "([a-z_]+)"/g;
  const sources = files.map((file) => readFileSync(join(root, file), "utf8"));
  return new Set(sources.flatMap((source) => [...source.matchAll(made)].map(([, a, b]) => a ?? b ?? "")));
}
