// @ts-check
// biome-ignore-all lint/suspicious/noTemplateCurlyInString: electron-builder fills these in
/**
 * What electron-builder makes of dist/: installers for Windows, macOS and Linux. `npm run package` runs it;
 * docs/packaging.md explains it. Written as a program, so that the files are those that the bundler has just made and
 * the fuses those that a test knows.
 */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { dist } from "./bundle.mjs";
import { fuses } from "./fuses.mjs";

/** Where releases are published and updates come from, "owner/name". GitHub Actions sets it; a fork gets its own. */
const repository = process.env.GITHUB_REPOSITORY;
if (repository !== undefined && !/^[\w.-]+\/[\w.-]+$/.test(repository)) {
  throw new Error(`GITHUB_REPOSITORY is no owner/name: ${repository}`);
}
const [owner = "", repo = ""] = repository?.split("/") ?? [];

/** A target's newest outputs, by their paths below the checkout. Source maps stay out: they are half of the size. */
function outputsOf(/** @type {import("./bundle.mjs").Target} */ target) {
  const manifest = JSON.parse(readFileSync(join(dist, ".build", `${target}.json`), "utf8"));
  return /** @type {string[]} */ (manifest.outputs)
    .filter((file) => !file.endsWith(".map"))
    .map((file) => `dist/${file}`);
}

/** What packages bring along that no program reads: sources to compile, documentation, other systems' binaries. */
const UNUSED = [
  "!**/*.{map,md,markdown,ts,mts,cts,flow,tsbuildinfo,gyp,gypi,c,cc,cpp,h,hpp,obj,o,a,pdb}",
  "!**/{CMakeLists.txt,rollup.config.*,jest.config.*,tsconfig*.json,.github,.editorconfig,.eslintrc*,.npmignore}",
  "!node_modules/koffi/{doc,vendor,cnoke.cjs}",
  "!node_modules/node-datachannel/{src,build}",
  "!node_modules/simple-peer/simplepeer.min.js",
  // Only for Bare, another runtime.
  "!node_modules/bare-{ansi-escapes,assert,events,inspect,stream,type}/**",
  // The command line is no part of the app.
  "!node_modules/commander/**",
  // Electron on Linux is glibc's.
  "!node_modules/@libsql/linux-*-musl/**",
  "!node_modules/@napi-rs/keyring-linux-*-musl/**",
  "!node_modules/@koromix/koffi-linux-*-musl/**",
  // sodium-native has the binaries of all systems in one package; those for Bare beside them.
  "!node_modules/**/prebuilds/!(${platform}-*)/**",
  "!**/*.bare",
];

/** What a package of the system also puts where the system looks for it. docs/rights.md says what for. */
const debAndRpm = {
  afterInstall: "build/linux/after-install.sh",
  afterRemove: "build/linux/after-remove.sh",
  appArmorProfile: "build/linux/apparmor-profile",
  fpm: [
    "--before-remove",
    "build/linux/before-remove.sh",
    "build/linux/govpn-netconf=/usr/libexec/govpn-netconf",
    "build/linux/org.govpn.netconf.policy=/usr/share/polkit-1/actions/org.govpn.netconf.policy",
    "build/linux/govpn-netconf.service=/usr/lib/systemd/system/govpn-netconf.service",
  ],
};

/** @type {import("electron-builder").Configuration} */
const configuration = {
  appId: "org.govpn.desktop",
  productName: "GoVPN",
  copyright: "Copyright © GoVPN Desktop's authors",
  directories: { output: "dist/package", buildResources: "build" },
  extraMetadata: {
    main: "dist/desktop/main.mjs",
    // Which desktop entry the running app belongs to: its icon in a dock, its notifications, its links.
    desktopName: "govpn-desktop.desktop",
    ...(repository && {
      homepage: `https://github.com/${repository}`,
      author: { name: owner, email: `${owner}@users.noreply.github.com` },
    }),
  },

  files: [
    "package.json",
    "LICENSE",
    { from: "dist/package-notices", to: ".", filter: ["THIRD-PARTY-LICENSES"] },
    ...outputsOf("desktop"),
    ...outputsOf("renderer"),
    ...UNUSED,
  ],
  asar: true,
  // A library is opened by the system, which knows nothing of an archive.
  asarUnpack: ["**/*.{node,so,dll,dylib}"],
  // The binaries are the ones that npm ci brought; nothing is compiled.
  npmRebuild: false,
  nodeGypRebuild: false,
  electronFuses: { ...fuses, resetAdHocDarwinSignature: true },
  electronLanguages: ["ar", "de", "en", "en-US", "es", "fr", "ja", "pt-BR", "pt_BR", "zh-CN", "zh_CN"],
  compression: "maximum",
  artifactName: "GoVPN-${version}-${os}-${arch}.${ext}",
  protocols: [{ name: "Invitation to a GoVPN room", schemes: ["govpn"], role: "Viewer" }],
  // Without a repository of its own a build must not look for updates in anybody's.
  publish: repository ? { provider: "github", owner, repo, releaseType: "draft" } : null,

  linux: {
    target: ["deb", "rpm", "AppImage"],
    executableName: "govpn-desktop",
    category: "Network",
    synopsis: "Private networks between people's machines",
    description: "Whoever has a room's id and PIN reaches the other members' machines, directly and encrypted.",
    icon: "build/icons/app",
    desktop: {
      entry: {
        Name: "GoVPN",
        Comment: "Private networks between people's machines",
        Keywords: "vpn;network;p2p;peer;",
      },
    },
    extraResources: [{ from: "build/linux/govpn-netconf", to: "build/linux/govpn-netconf" }],
  },
  deb: {
    packageCategory: "net",
    priority: "optional",
    ...debAndRpm,
    recommends: ["libappindicator3-1", "iproute2", "pkexec | policykit-1"],
  },
  rpm: debAndRpm,

  win: {
    target: ["nsis", "portable"],
    icon: "build/icons/app/icon.ico",
  },
  nsis: {
    // For one person, without an administrator; for all of the machine where somebody asks for that.
    oneClick: false,
    perMachine: false,
    allowElevation: true,
    allowToChangeInstallationDirectory: true,
    deleteAppDataOnUninstall: false,
    include: "build/windows/installer.nsh",
    artifactName: "GoVPN-${version}-setup-${arch}.${ext}",
  },
  portable: { artifactName: "GoVPN-${version}-portable-${arch}.${ext}" },

  mac: {
    target: [
      { target: "dmg", arch: "universal" },
      { target: "zip", arch: "universal" },
    ],
    category: "public.app-category.utilities",
    icon: "build/icons/app/icon.icns",
    minimumSystemVersion: "12.0",
    hardenedRuntime: true,
    gatekeeperAssess: false,
    entitlements: "build/mac/entitlements.plist",
    entitlementsInherit: "build/mac/entitlements.plist",
    notarize: process.env.APPLE_TEAM_ID !== undefined,
    // Both halves hold the libraries of both processors (build/package-natives.mjs), so each is the same in both.
    x64ArchFiles: "**/node_modules/**/*.{node,dylib}",
  },
};

export default configuration;
