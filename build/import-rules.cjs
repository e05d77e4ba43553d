// @ts-check
/**
 * Who may import whom, checked by dependency-cruiser (`npm run imports`). Default deny: a folder may import what its
 * row lists and nothing else, and a file in a folder without a row may import nothing. Type imports count too: a type
 * that crosses a border is a dependency of the design.
 *
 * test/unit/house/import-rules.test.ts breaks each row once and expects it to be noticed.
 */

/** @param {string[]} names folders below the top */
const folders = (...names) => names.map((name) => `^${name}/`);
/** @param {string[]} names npm packages */
const packages = (...names) => names.map((name) => `(^|/)node_modules/(@types/)?${name}/`);

/**
 * @typedef {object} Area
 * @property {string} name of the rule, as a violation prints it
 * @property {string} from which files, as a regular expression
 * @property {string[]} to what they may import, besides themselves
 * @property {boolean} [node] whether that includes node:*
 * @property {string} comment the reason, printed with a violation
 */

const SHARED_FOUNDATION = folders("shared/base", "shared/identity");
/** What a person says and a packet is judged by, in one place for the window, the rooms and the tunnel. */
const INBOUND_RULE = "^shared/tunnel/inbound-rule\\.ts$";
/** main, but for the shell that needs Electron. */
const CORE = "^electron/main/(?!desktop/)";
const ADAPTER_COMMON = [...folders("shared", "electron/adapters"), ...packages("valibot")];

/** @type {Area[]} */
const areas = [
  // shared/: pure TypeScript that runs in any process, a browser or a test, so it reaches the machine only through ports.
  {
    name: "shared-base",
    from: "^shared/base/",
    to: [...folders("shared/base"), ...packages("@scure/base")],
    comment: "The foundation: everything stands on it, so it stands on nothing but an encoding library.",
  },
  {
    name: "shared-identity",
    from: "^shared/identity/",
    to: [...SHARED_FOUNDATION, ...packages("@noble/ed25519", "@noble/hashes", "@scure/bip39")],
    comment: "Keys and addresses know no protocol and no room. The cryptography comes from these packages alone.",
  },
  {
    name: "shared-packet",
    from: "^shared/packet/",
    to: [...SHARED_FOUNDATION, ...folders("shared/packet")],
    comment: "Views over bytes: beyond the form of an address they know nothing of people, rooms or links.",
  },
  {
    name: "shared-protocols",
    from: "^shared/protocols/([^/]+)/",
    to: [...SHARED_FOUNDATION, "^shared/protocols/$1/", ...packages("valibot")],
    comment:
      "One folder a wire protocol; protocols never import each other, so each can be read, tested and removed alone.",
  },
  {
    name: "shared-signaling",
    from: "^shared/signaling/",
    to: [...SHARED_FOUNDATION, ...folders("shared/protocols", "shared/signaling"), ...packages("valibot")],
    comment: "The connection to a server speaks a protocol; it knows nothing of rooms' members, links or packets.",
  },
  {
    name: "shared-room",
    from: "^shared/room/",
    to: [
      ...SHARED_FOUNDATION,
      ...folders("shared/protocols", "shared/signaling", "shared/room"),
      ...packages("valibot"),
    ],
    comment: "A room is made of what the signaling server says; it does not know how members are connected.",
  },
  {
    name: "shared-mesh",
    from: "^shared/mesh/",
    to: [...SHARED_FOUNDATION, ...folders("shared/packet", "shared/tunnel", "shared/mesh"), ...packages("valibot")],
    comment: "Links between members must outlive any server, so they know no protocol and no signaling connection.",
  },
  {
    name: "shared-tunnel",
    from: "^shared/tunnel/",
    to: [...SHARED_FOUNDATION, ...folders("shared/packet", "shared/tunnel"), ...packages("valibot")],
    comment: "Packets go to a lane by address; how a lane came to be is the mesh's business.",
  },
  {
    name: "shared-trust",
    from: "^shared/trust/",
    to: [...SHARED_FOUNDATION, ...folders("shared/trust"), INBOUND_RULE, ...packages("valibot", "@noble/hashes")],
    comment:
      "Who belongs in a room follows from keys and signatures: neither a server nor a connection has a say in it.",
  },
  {
    name: "shared-ipc",
    from: "^shared/ipc/",
    to: [
      ...SHARED_FOUNDATION,
      ...folders("shared/ipc"),
      INBOUND_RULE,
      "^shared/trust/standing\\.ts$",
      ...packages("valibot"),
    ],
    comment: "The contract with the user interface: small enough to be checked whole, and no secret is a type in it.",
  },

  // electron/adapters/: the only files that touch native packages, each package in one place.
  {
    name: "adapters",
    from: "^electron/adapters/(?!(tun|webrtc|secrets|store|sockets|profile|crypto)/)",
    to: ADAPTER_COMMON,
    node: true,
    comment: "Adapters put a port of shared/ on the machine; they know nothing of who uses them.",
  },
  {
    name: "adapters-tun",
    from: "^electron/adapters/tun/",
    to: [...ADAPTER_COMMON, ...packages("koffi")],
    node: true,
    comment: "koffi calls the system's C library for the TUN device: ioctl and friends.",
  },
  {
    name: "adapters-profile",
    from: "^electron/adapters/profile/",
    to: [...ADAPTER_COMMON, ...packages("koffi")],
    node: true,
    comment: "A profile is locked with flock, which Node has no call for; hence koffi here too.",
  },
  {
    name: "adapters-webrtc",
    from: "^electron/adapters/webrtc/",
    to: [...ADAPTER_COMMON, ...packages("simple-peer", "node-datachannel")],
    node: true,
    comment: "WebRTC's packages stay behind the mesh's port, so that the mesh runs on a fake in tests.",
  },
  {
    name: "adapters-secrets",
    from: "^electron/adapters/secrets/",
    to: [...ADAPTER_COMMON, ...packages("keytar")],
    node: true,
    comment: "The keychain is asked for in one place, so that it is plain what can reach the private key.",
  },
  {
    name: "adapters-store",
    from: "^electron/adapters/store/",
    to: [...ADAPTER_COMMON, "^electron/server/room-store\\.ts$", ...packages("libsql")],
    node: true,
    comment: "SQLite behind the server's store port, which is the one thing of the server that it may see.",
  },
  {
    name: "adapters-crypto",
    from: "^electron/adapters/crypto/",
    to: [...ADAPTER_COMMON, ...packages("sodium-native")],
    node: true,
    comment: "libsodium for the server, which checks a signature a message; the client's own are in shared/identity.",
  },
  {
    name: "adapters-sockets",
    from: "^electron/adapters/sockets/",
    to: [...ADAPTER_COMMON, ...packages("ws")],
    node: true,
    comment: "WebSockets behind ports, for the client and for the server.",
  },

  // electron/: the processes. Each is put together from shared/ and adapters.
  {
    name: "electron-server",
    from: "^electron/server/",
    to: [...folders("shared", "electron/adapters", "electron/server"), ...packages("prom-client", "valibot")],
    node: true,
    comment: "The signaling server runs on its own machine, so it shares no process code with the client.",
  },
  {
    name: "electron-engine",
    from: "^electron/engine/",
    to: [...folders("shared", "electron/adapters", "electron/engine"), ...packages("valibot")],
    node: true,
    comment: "The engine carries traffic and may run in a process of its own: it reaches main by messages only.",
  },
  {
    name: "electron-main",
    from: "^electron/main/(?!(desktop|host|ui-server)/)",
    to: [
      ...folders("shared", "electron/adapters", "electron/engine", "electron/server"),
      CORE,
      "^package\\.json$",
      ...packages("valibot"),
    ],
    node: true,
    comment: "Owns the identity and the rooms, for the desktop app and for the headless host: it knows no Electron.",
  },
  {
    name: "electron-main-host",
    from: "^electron/main/host/",
    to: [
      ...folders("shared", "electron/adapters", "electron/engine", "electron/main/host", "electron/main/server"),
      ...folders("electron/main/trust", "electron/main/identity"),
      ...packages("valibot"),
    ],
    node: true,
    comment: "The same host under any surface: it knows no app, no settings and no window.",
  },
  {
    name: "electron-main-ui-server",
    from: "^electron/main/ui-server/",
    to: [
      ...folders("shared", "electron/adapters", "electron/main/ui-server", "electron/main/ipc"),
      ...packages("valibot"),
    ],
    node: true,
    comment: "Decides which browser is let in; what it is let in to comes as a connection, and is not its business.",
  },
  {
    name: "electron-main-desktop",
    from: "^electron/main/desktop/",
    to: [
      ...folders("shared", "electron/adapters", "electron/engine", "electron/main"),
      ...packages("electron", "electron-updater", "valibot"),
    ],
    node: true,
    comment: "The shell around the core: window, tray, links. With preload, the only one that may import Electron.",
  },
  {
    name: "electron-cli",
    from: "^electron/cli/",
    to: [
      ...folders("shared", "electron/adapters", "electron/engine", "electron/server", "electron/cli"),
      CORE,
      "^package\\.json$",
      ...packages("commander", "valibot"),
    ],
    node: true,
    comment: "The composition root of the command line; nothing imports it. It must run where there is no Electron.",
  },
  {
    name: "electron-preload",
    from: "^electron/preload/",
    to: [...folders("shared/ipc", "electron/preload"), ...packages("electron")],
    comment: "Sandboxed, between main and the page: it passes the contract's messages on and knows nothing else.",
  },

  // renderer/: a web page. It sees the rest of the program through shared/ipc alone.
  {
    name: "renderer-bridge",
    from: "^renderer/bridge/",
    to: [...folders("shared/base", "shared/ipc", "renderer/bridge"), ...packages("valibot")],
    comment: "The one place that touches what preload put on `window`, so it needs no view and no state.",
  },
  {
    name: "renderer-store",
    from: "^renderer/store/",
    to: [...folders("shared/base", "shared/ipc", "renderer/bridge", "renderer/store"), ...packages("zustand", "react")],
    comment: "What the window knows and asks for. It can be tested without a view.",
  },
  {
    name: "renderer-i18n",
    from: "^renderer/i18n/",
    to: [...folders("shared/base", "shared/ipc", "renderer/i18n"), ...packages("i18next", "react-i18next", "react")],
    comment: "Words, numbers and dates in the person's language.",
  },
  {
    name: "renderer-ui",
    from: "^renderer/ui/",
    to: [
      ...folders("renderer/ui", "renderer/i18n"),
      ...packages("react", "react-i18next", "radix-ui", "lucide-react", "uqr"),
    ],
    comment: "Buttons, fields, dialogs: how things look and behave, for any program. They know no room and no store.",
  },
  {
    name: "renderer",
    from: "^renderer/(?!(bridge|store|i18n|ui)/)",
    to: [
      ...folders("shared/base", "shared/ipc", "renderer"),
      ...packages("react", "react-dom", "i18next", "react-i18next", "lucide-react", "cmdk"),
    ],
    comment: "A page has no Node and no Electron: what it wants, it asks for over the contract.",
  },

  {
    name: "test-foreign-peer",
    from: "^test/fakes/foreign-peer\\.ts$",
    to: [...folders("shared/mesh"), ...packages("node-datachannel")],
    comment: "A peer that breaks our adapter's rules cannot be made with our adapter.",
  },
  {
    name: "test",
    from: "^test/(?!fakes/foreign-peer\\.ts$)",
    to: [
      ...folders("shared", "electron", "renderer", "build", "test"),
      ...packages("vitest", "@vitest/[^/]+", "fast-check", "ws", "valibot", "@noble/[^/]+", "@scure/base"),
      ...packages("dependency-cruiser", "playwright", "axe-core", "electron"),
      ...packages("react", "react-dom", "@testing-library/[^/]+", "typescript"),
    ],
    node: true,
    comment:
      "Tests may see everything of ours, and nothing of ours may see them; native packages only by their adapter.",
  },
];

/** @param {Area} area */
const rule = ({ name, from, to, node = false, comment }) => ({
  name,
  comment,
  severity: "error",
  from: { path: from },
  to: { pathNot: to, ...(node ? { dependencyTypesNot: ["core"] } : {}) },
});

module.exports = {
  forbidden: [
    ...areas.map(rule),
    {
      name: "no-cycle",
      comment: "Files in a cycle can only be understood, tested and loaded together. Cut it with a port.",
      severity: "error",
      from: {},
      to: { circular: true },
    },
    {
      name: "no-orphan",
      comment: "A file that imports nothing and that nothing imports is either dead or misplaced.",
      severity: "error",
      from: { orphan: true, pathNot: ["\\.d\\.ts$", "^test/", "^build/"] },
      to: {},
    },
    {
      name: "resolvable",
      comment: "The import leads nowhere: a typing error, or a package that package.json does not list.",
      severity: "error",
      from: {},
      to: { couldNotResolve: true },
    },
  ],
  // The default deny: a file to which no row applies may import nothing.
  allowed: areas.map(({ from }) => ({ from: { path: from }, to: {} })),
  allowedSeverity: "error",
  options: {
    exclude: { path: "^test/fixtures/" },
    doNotFollow: { path: ["node_modules", "^build/"] },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: "tsconfig.json" },
    enhancedResolveOptions: {
      exportsFields: ["exports"],
      conditionNames: ["import", "node", "default", "types"],
      mainFields: ["module", "main", "types"],
    },
  },
};
