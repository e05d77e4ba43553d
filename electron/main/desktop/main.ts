import { readFileSync } from "node:fs";
import { homedir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { createLogger } from "../../../shared/base/logger.ts";
import { messageOf, ok, type Result } from "../../../shared/base/result.ts";
import { systemClock } from "../../adapters/clock.ts";
import { lineSink } from "../../adapters/log-lines.ts";
import { defaultProfileDir } from "../../adapters/profile/paths.ts";
import { openProfile } from "../../adapters/profile/profile.ts";
import { engineProcesses } from "../../engine/engine-processes.ts";
import { createHost } from "../compose.ts";
import { readUiFiles } from "../ui-server/files.ts";
import { autostartFile, launchCommand, loginItem } from "./autostart.ts";
import { type DesktopApp, runDesktop } from "./desktop.ts";
import { electronParts } from "./electron.ts";
import { forgetfulProfile, openMemory } from "./memory.ts";
import { profileAmong } from "./profile-argument.ts";
import { trayHost } from "./tray-host.ts";
import { keepUpdated } from "./updater.ts";

/** The desktop app's entry: puts the shell and the running program together, and decides nothing. */

const entry = fileURLToPath(import.meta.url);
/** dist/desktop, in a checkout and in the package. */
const here = dirname(entry);
const { platform, env, argv } = process;
const profileDir = profileAmong(argv) ?? defaultProfileDir();
const sink = lineSink((line) => process.stderr.write(line), "text");
const logger = createLogger(sink, "warn").child("desktop");
const command = launchCommand(electronParts.app, process, entry);

async function startApp(): Promise<Result<DesktopApp>> {
  const [locale = "en"] = electronParts.app.getPreferredSystemLanguages();
  const view = { surface: "desktop", locale, canStartAtLogin: true } as const;
  const engines = engineProcesses(() => electronParts.forkEngine(join(here, "engine.mjs")));
  const made = await createHost({ profile: profileDir, tun: "auto", view, engines }, sink);
  if (!made.ok) return made;
  const { app, start, stop } = made.value;
  const started = await start();
  if (!started.ok) {
    await stop();
    return started;
  }
  return ok({
    call: (method, params) => app.call(method, params),
    watch: (onState) => app.watch(onState),
    openLink: (link) => app.openLink(link),
    wake: () => app.wake(),
    onDown: (listener) => void app.events.on("down", listener),
    stop,
  });
}

/** electron-builder's notes, beside the packaged app. */
function noted(file: string): string | undefined {
  try {
    return readFileSync(join(process.resourcesPath, file), "utf8");
  } catch {
    return undefined;
  }
}

// Not awaited here: Electron becomes ready only once this file has run to its end.
runDesktop({
  electron: electronParts,
  machine: { platform, env, argv },
  files: {
    preload: join(here, "preload.cjs"),
    icons: join(here, "icons"),
    page: readUiFiles(join(here, "../renderer")),
  },
  command,
  userData: join(profileDir, "chromium"),
  openMemory: async () => {
    // A profile that cannot be opened is told of when the program starts on it.
    const profile = await openProfile(profileDir);
    return openMemory(profile.ok ? profile.value : forgetfulProfile, logger);
  },
  startApp,
  autostart:
    platform === "linux" ? autostartFile(env, homedir(), command) : loginItem(electronParts.app, platform, command),
  keepUpdated: (tell) =>
    keepUpdated({
      installation: {
        isPackaged: electronParts.app.isPackaged,
        packageType: noted("package-type"),
        hasSource: noted("app-update.yml") !== undefined,
      },
      env,
      load: async () => (await import("electron-updater")).default.autoUpdater,
      tell,
      clock: systemClock,
      logger,
    }),
  trayHost: trayHost(platform),
  clock: systemClock,
  logger,
}).catch((error) => {
  logger.error("the shell failed", { error: messageOf(error) });
  electronParts.app.exit(1);
});
