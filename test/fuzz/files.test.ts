import * as v from "valibot";
import { describe, it } from "vitest";
import type { Profile } from "../../electron/adapters/profile/profile.ts";
import { parseEnvelope } from "../../electron/adapters/secrets/envelope.ts";
import { secretsFromJson } from "../../electron/adapters/secrets/secrets-document.ts";
import { openDocument, sealDocument } from "../../electron/adapters/vault/sealed-document.ts";
import { ActivityLog, MAX_ACTIVITY } from "../../electron/main/activity/log.ts";
import { openMemory } from "../../electron/main/desktop/memory.ts";
import { openingFor } from "../../electron/main/desktop/window-place.ts";
import { RoomMemory } from "../../electron/main/host/room-memory.ts";
import { importIdentity } from "../../electron/main/identity/backup.ts";
import { IDENTITY_SECRET, storedPublicKey } from "../../electron/main/identity/identity.ts";
import { SettingsStore, serverUrlOf } from "../../electron/main/settings/store.ts";
import { KeptRooms } from "../../electron/main/trust/desk.ts";
import { TRUST_DOCUMENT, TrustMemory } from "../../electron/main/trust/memory.ts";
import { Emitter } from "../../shared/base/emitter.ts";
import { silentLogger } from "../../shared/base/logger.ts";
import { ok } from "../../shared/base/result.ts";
import type { SecretStore, Vault } from "../../shared/identity/ports.ts";
import { defaultSettings, Settings } from "../../shared/ipc/settings.ts";
import { parseServerUrl } from "../../shared/signaling/url.ts";
import { MAX_KNOWN_MEMBERS } from "../../shared/trust/known-members.ts";
import { fuzzTexts, fuzzTextsAsync, must } from "./mutation/drive.ts";
import { SteppedClock } from "./stepped-clock.ts";

// The files of a profile, which a full disk, another program or a person may have changed, and those that a person brings
// from somewhere else.

/** A profile whose one file has this in it. Like the real one, it gives a value of the schema or a warning. */
function fileOf(text: () => string): Pick<Profile, "readJson" | "writeJson"> {
  return {
    readJson: async (path, schema) => {
      const read = v.safeParse(v.pipe(v.string(), v.parseJson(), schema), text());
      if (read.success) return ok({ value: read.output });
      return ok({ warning: { code: "file_corrupt", message: "it does not fit", path, movedTo: "aside" } });
    },
    writeJson: async () => ok(undefined),
  };
}

/** A vault, or a store of secrets, that has this text under every name, and takes no other. */
function keeping(text: () => string): Vault & SecretStore {
  const none = async () => {};
  const get = async () => text();
  return { kind: "memory", events: new Emitter(), get, set: none, delete: none, names: async () => [IDENTITY_SECRET] };
}

let text = "";
const current = () => text;

describe("a file of the profile", () => {
  it("with the settings: settings that hold together, or those of the first start", async () => {
    await fuzzTextsAsync("settings-file", [], async (input) => {
      text = input;
      const store = new SettingsStore(fileOf(current), silentLogger);
      await store.load();
      // Those of the first start need no second look.
      must(store.current === defaultSettings || v.is(Settings, store.current), "the settings are settings");
      must(parseServerUrl(serverUrlOf(store.current.server)).ok, "the server is one to dial");
    });
  });

  it("with what happened: so many entries, numbered in order", async () => {
    const clock = new SteppedClock();
    await fuzzTextsAsync("activity-file", [], async (input) => {
      text = input;
      const log = new ActivityLog({ files: fileOf(current), clock, logger: silentLogger, onChange: () => {} });
      await log.load();
      const numbers = Object.keys(log.entries);
      must(
        numbers.length <= MAX_ACTIVITY && numbers.every((each) => Number(each) >= 0),
        "there are so many, by number",
      );
    });
  });

  it("with the window's place: one on a display", async () => {
    const displays = [{ x: 0, y: 0, width: 1280, height: 800 }];
    await fuzzTextsAsync("desktop-file", [], async (input) => {
      text = input;
      const { state } = await openMemory(fileOf(current), silentLogger);
      const { width, height, x = 0, y = 0 } = openingFor(state.window, displays);
      must(width > 0 && width <= 1280 && height > 0 && height <= 800, "it is no larger than the display");
      must(Math.abs(x) <= 2560 && Math.abs(y) <= 1600, "it can be reached");
    });
  });

  it("with the secrets: texts by name, or none at all", () => {
    fuzzTexts("secrets-file", [], (input) => {
      const secrets = secretsFromJson(input);
      for (const secret of secrets?.values() ?? []) must(typeof secret === "string", "a secret is a text");
    });
  });

  it("with something sealed under a passphrase: an envelope that asks for no more than 1 GiB, or a code", () => {
    fuzzTexts("sealed-envelope", [], (input) => {
      const read = parseEnvelope(input);
      if (!read.ok) return must(/^envelope_(damaged|too_costly)$/.test(read.error.code), "a failure has its code");
      const { log2_n, r, p } = read.value.kdf;
      must(128 * 2 ** log2_n * r <= 1024 ** 3 && p <= 8, "opening it costs no more than may be");
    });
  });

  it("with a document of the vault: what was sealed, and nothing else", () => {
    const key = Uint8Array.from({ length: 32 }, (_, i) => i);
    const nonce = (length: number) => new Uint8Array(length).fill(7);
    const sealed = sealDocument("rooms", "what is in it", key, nonce);
    // The header must be as it was, and the text that is sealed too: spaces between members change neither.
    const meaning = (json: string) => JSON.stringify(JSON.parse(json).ciphertext);
    fuzzTexts("vault-document", [sealed], (input) => {
      const opened = openDocument("rooms", input, key);
      if (opened === undefined) return;
      must(opened === "what is in it" && meaning(input) === meaning(sealed), "it is what was sealed");
      must(openDocument("trust", input, key) === undefined, "it does not stand for another document");
    });
  });
});

describe("a document in the vault", () => {
  const url = "ws://127.0.0.1:8080/ws";

  it("with the rooms: rooms, or a failure that says so", async () => {
    await fuzzTextsAsync("rooms-document", [], async (input) => {
      text = input;
      const loaded = await new RoomMemory(keeping(current), url, silentLogger).load();
      if (!loaded.ok) return must(loaded.error.code === "rooms_corrupt", "a failure has its code");
      for (const { roomId, pin } of loaded.value)
        must(typeof roomId === "string" && typeof pin === "string", "it is a room");
    });
  });

  it("with the rooms' keys and policies: both, or a failure that says so", async () => {
    await fuzzTextsAsync("trust-document", [], async (input) => {
      const vault = { ...keeping(current), get: async (name: string) => (name === TRUST_DOCUMENT ? input : undefined) };
      const loaded = await new TrustMemory(vault, url, silentLogger, KeptRooms).load();
      if (!loaded.ok) return must(loaded.error.code === "trust_corrupt", "a failure has its code");
      must(v.is(KeptRooms, loaded.value.rooms), "what is read is what is kept");
    });
  });

  it("with known members: a book of them, or a failure that says so", async () => {
    const anything = v.custom<Record<string, unknown>>((rooms) => typeof rooms === "object" && rooms !== null);
    await fuzzTextsAsync("known-members-document", [], async (input) => {
      const vault = { ...keeping(current), get: async (name: string) => (name === TRUST_DOCUMENT ? undefined : input) };
      const loaded = await new TrustMemory(vault, url, silentLogger, anything).load();
      if (!loaded.ok) return must(loaded.error.code === "known_members_damaged", "a failure has its code");
      must(loaded.value.known.toState().members.length <= MAX_KNOWN_MEMBERS, "the book is bounded");
    });
  });

  it("with the identity: its public key, or a failure that says so", async () => {
    await fuzzTextsAsync("identity-secret", [], async (input) => {
      text = input;
      const read = await storedPublicKey(keeping(current));
      must(read.ok ? read.value?.length === 44 : read.error.code === "identity_corrupt", "a key, or a failure");
    });
  });
});

describe("a file from somewhere else", () => {
  it("with settings: a change that holds together, or a failure with a code", async () => {
    await fuzzTextsAsync("settings-export", [], async (input) => {
      const store = new SettingsStore(
        fileOf(() => ""),
        silentLogger,
      );
      const imported = await store.import(input);
      must(v.is(Settings, store.current), "the settings are settings");
      must(
        imported.ok || /^(not_settings|url_\w+|bad_ice_server)$/.test(imported.error.code),
        "a failure has its code",
      );
    });
  });

  it("with an identity: it is refused unless its passphrase opens it", async () => {
    // Sealed for another purpose, so that none of them is worth the work of deriving a key.
    const clock = { wallTime: () => 0 };
    await fuzzTextsAsync("identity-backup", [], async (input) => {
      const imported = await importIdentity(keeping(current), input, "passphrase", { clock });
      must(!imported.ok && /^(not_an_export|envelope_\w+)$/.test(imported.error.code), "a failure has its code");
    });
  });
});
