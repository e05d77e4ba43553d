import { createRequire } from "node:module";
import { fileURLToPath } from "node:url";
import { cruise, type ICruiseOptions, type ICruiseResult, type IFlattenedRuleSet } from "dependency-cruiser";
import { beforeAll, describe, expect, it } from "vitest";

/** Reading and resolving the whole tree takes seconds on an idle machine, and many times that on a busy one. */
const CRUISE_TIMEOUT_MS = 120_000;

const root = fileURLToPath(new URL("../../../", import.meta.url));
const illegal = `${root}test/fixtures/illegal-imports`;

type Rules = IFlattenedRuleSet & { options: ICruiseOptions };
const rules: Rules = createRequire(import.meta.url)("../../../build/import-rules.cjs");

async function violationsIn(baseDir: string, folders: string[]) {
  const { options, ...ruleSet } = rules;
  const result = await cruise(folders, { ...options, baseDir, validate: true, ruleSet });
  return (result.output as ICruiseResult).summary.violations.map(({ rule, from, to }) => ({
    rule: rule.name,
    from,
    to,
  }));
}

/** Each rule, and a file of the fixtures that breaks it. */
const broken: [rule: string, file: string][] = [
  ["shared-base", "shared/base/asks-identity.ts"],
  ["shared-base", "shared/base/asks-node.ts"],
  ["shared-base", "shared/base/asks-validation.ts"],
  ["shared-identity", "shared/identity/asks-protocol.ts"],
  ["shared-identity", "shared/identity/asks-test.ts"],
  ["shared-packet", "shared/packet/asks-mesh.ts"],
  ["shared-protocols", "shared/protocols/one/asks-other-protocol.ts"],
  ["shared-protocols", "shared/protocols/one/asks-other-protocol-type.ts"],
  ["shared-signaling", "shared/signaling/asks-room.ts"],
  ["shared-room", "shared/room/asks-mesh.ts"],
  ["shared-mesh", "shared/mesh/asks-protocol.ts"],
  ["shared-mesh", "shared/mesh/asks-node-later.ts"],
  ["shared-tunnel", "shared/tunnel/asks-protocol.ts"],
  ["shared-tunnel", "shared/tunnel/asks-mesh.ts"],
  ["shared-trust", "shared/trust/asks-room.ts"],
  ["shared-ipc", "shared/ipc/asks-room.ts"],
  ["adapters", "electron/adapters/asks-native.ts"],
  ["adapters", "electron/adapters/asks-server.ts"],
  ["adapters-tun", "electron/adapters/tun/asks-webrtc.ts"],
  ["adapters-profile", "electron/adapters/profile/asks-keychain.ts"],
  ["adapters-webrtc", "electron/adapters/webrtc/asks-sockets.ts"],
  ["adapters-secrets", "electron/adapters/secrets/asks-store.ts"],
  ["adapters-store", "electron/adapters/store/asks-server-rooms.ts"],
  ["adapters-crypto", "electron/adapters/crypto/asks-store.ts"],
  ["adapters-sockets", "electron/adapters/sockets/asks-webrtc.ts"],
  ["electron-server", "electron/server/asks-main.ts"],
  ["electron-server", "electron/server/asks-sockets.ts"],
  ["electron-engine", "electron/engine/asks-main.ts"],
  ["electron-engine", "electron/engine/asks-electron.ts"],
  ["electron-main", "electron/main/asks-cli.ts"],
  ["electron-main", "electron/main/asks-desktop.ts"],
  ["electron-main", "electron/main/asks-electron.ts"],
  ["electron-main", "electron/main/asks-test.ts"],
  ["electron-main-host", "electron/main/host/asks-app.ts"],
  ["electron-main-ui-server", "electron/main/ui-server/asks-host.ts"],
  ["electron-main-desktop", "electron/main/desktop/asks-cli.ts"],
  ["electron-cli", "electron/cli/asks-desktop.ts"],
  ["electron-cli", "electron/cli/asks-electron.ts"],
  ["electron-preload", "electron/preload/asks-main.ts"],
  ["electron-preload", "electron/preload/asks-node.ts"],
  ["renderer-bridge", "renderer/bridge/asks-view.ts"],
  ["renderer-store", "renderer/store/asks-view.ts"],
  ["renderer-i18n", "renderer/i18n/asks-store.ts"],
  ["renderer-ui", "renderer/ui/asks-store.ts"],
  ["renderer", "renderer/features/asks-main.ts"],
  ["renderer", "renderer/features/asks-room.ts"],
  ["renderer", "renderer/features/asks-node.ts"],
  ["test", "test/unit/asks-native.ts"],
  ["test-foreign-peer", "test/fakes/foreign-peer.ts"],
  ["not-in-allowed", "electron/nowhere/asks-base.ts"],
  ["resolvable", "shared/base/asks-nothing-there.ts"],
  ["no-cycle", "shared/base/cycle-back.ts"],
  ["no-orphan", "shared/base/alone.ts"],
];

describe("the import rules", () => {
  let violations: Awaited<ReturnType<typeof violationsIn>>;
  beforeAll(async () => {
    violations = await violationsIn(illegal, ["shared", "electron", "renderer", "test"]);
  }, CRUISE_TIMEOUT_MS);

  it.each(broken)("%s notices %s", (rule, file) => {
    expect(violations).toContainEqual(expect.objectContaining({ rule, from: file }));
  });

  it("notice nothing in files that break nothing", () => {
    const innocent = violations.filter(({ from }) => !broken.some(([, file]) => file === from));
    expect(innocent).toEqual([]);
  });

  it("are each broken by a fixture", () => {
    const named = [...(rules.forbidden ?? []).map(({ name }) => name), "not-in-allowed"];
    expect(new Set(broken.map(([rule]) => rule))).toEqual(new Set(named));
  });

  it(
    "hold for the product and its tests",
    async () => {
      expect(await violationsIn(root, ["shared", "electron", "renderer", "test"])).toEqual([]);
    },
    CRUISE_TIMEOUT_MS,
  );
});
