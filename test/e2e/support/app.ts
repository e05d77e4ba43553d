import { chmodSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { _electron, type ElectronApplication } from "playwright";
import type { Host } from "../../netns/lab/host.ts";
import { appArguments, launcherScript } from "./app-launch.ts";
import { askOn, type Person, type Seat, sizeOf, watchPages } from "./person.ts";

const dist = fileURLToPath(new URL("../../../dist/", import.meta.url));

/** Electron unpacks itself and the app opens its profile, on a busy machine. */
const START_MS = 60_000;

/** What is started as the desktop app. */
export interface AppProgram {
  /** Electron's program, or what stands in for it. */
  readonly electron: string;
  /** It draws on a screen, which it is then given. */
  readonly needsScreen: boolean;
}

/** Somebody with the desktop app: the bundled main in Electron, and its one window. */
export async function sitDownAtApp(host: Host, name: string, seat: Seat, program: AppProgram): Promise<Person> {
  const app = await launchApp(host, program);
  const page = await app.firstWindow({ timeout: START_MS });
  const trouble = watchPages(app.context());
  await page.emulateMedia({ reducedMotion: "reduce" });
  await page.setViewportSize(sizeOf(seat));
  return {
    host,
    name,
    page,
    trouble,
    ask: (...args) => askOn(host, args),
    // The page may write to the clipboard and not read it.
    clipboard: () => app.evaluate(({ clipboard }) => clipboard.readText()),
    goHome: () => app.close(),
  };
}

/**
 * Starts the app on this host. Its environment is the host's: nothing of the developer's own session reaches it.
 * @param session more of the environment: of a desktop that is there
 */
export function launchApp(
  host: Host,
  { electron, needsScreen }: AppProgram,
  session: Readonly<Record<string, string>> = {},
): Promise<ElectronApplication> {
  const launcher = join(host.profile, "..", "desktop-session");
  const screen = needsScreen ? ["--screen"] : [];
  const inNamespace = ["--namespace", host.namespace, ...screen, "--program", electron, "--"];
  writeFileSync(launcher, launcherScript([process.execPath, join(dist, "test/desktop-session.mjs"), ...inNamespace]));
  chmodSync(launcher, 0o755);
  return _electron.launch({
    executablePath: launcher,
    args: appArguments(join(dist, "desktop/main.mjs"), host.profile),
    env: { ...host.environment(), ...session },
    timeout: START_MS,
  });
}
