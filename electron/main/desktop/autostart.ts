import { mkdir, readFile, rm } from "node:fs/promises";
import { dirname, isAbsolute, join } from "node:path";
import { fail, messageOf, ok, type Result } from "../../../shared/base/result.ts";
import { errnoOf, writeFileAtomic } from "../../adapters/profile/atomic-file.ts";
import { autostartEntry } from "./desktop-entry.ts";
import type { AppPart } from "./electron-parts.ts";

/** The argument that starts the program into the tray. */
export const HIDDEN = "--hidden";

/** Whether the system starts the program when the person logs in. */
export interface Autostart {
  /** What the system would do, which is the person's last word: it can be switched off there too. */
  isOn(): Promise<boolean>;
  /** Fails with "autostart_denied". Switching on what is on brings its path up to date. */
  set(on: boolean): Promise<Result<void>>;
}

/** How this very program is started. In a checkout that is Electron with the program's entry as its argument. */
export interface LaunchCommand {
  readonly program: string;
  readonly args: readonly string[];
}

/** @param entry path of the bundled main */
export function launchCommand(
  { isPackaged }: Pick<AppPart, "isPackaged">,
  machine: Pick<NodeJS.Process, "execPath"> & { readonly env: NodeJS.ProcessEnv },
  entry: string,
): LaunchCommand {
  if (isPackaged) return { program: singleFile(machine) ?? machine.execPath, args: [] };
  return { program: machine.execPath, args: [entry] };
}

/** The one file that holds the program, where it runs from a mount or a folder that is gone after its end. */
function singleFile({ execPath, env }: Parameters<typeof launchCommand>[1]): string | undefined {
  const { APPIMAGE, APPDIR, PORTABLE_EXECUTABLE_FILE } = env;
  // What another AppImage starts inherits its variables.
  if (APPIMAGE && APPDIR && execPath.startsWith(`${APPDIR}/`)) return APPIMAGE;
  return PORTABLE_EXECUTABLE_FILE;
}

/** Windows: the user's Run key. macOS: a login item, which takes no arguments; how it was started is asked at the start. */
export function loginItem(
  app: Pick<AppPart, "getLoginItemSettings" | "setLoginItemSettings">,
  platform: NodeJS.Platform,
  command: LaunchCommand,
): Autostart {
  const item = { path: command.program, args: [...command.args.map(quoted), HIDDEN] };
  const options = platform === "win32" ? item : {};
  const isOn = () => {
    const { openAtLogin, executableWillLaunchAtLogin } = app.getLoginItemSettings(options);
    // The task manager can switch off what the Run key holds.
    return platform === "win32" ? openAtLogin && executableWillLaunchAtLogin : openAtLogin;
  };
  return {
    isOn: async () => isOn(),
    set: async (on) => {
      app.setLoginItemSettings({ openAtLogin: on, ...options });
      return isOn() === on ? ok(undefined) : fail("autostart_denied", "the system did not change its login items");
    },
  };
}

/** Windows puts the arguments into the key as they are, and takes them apart at spaces. */
function quoted(argument: string): string {
  return /\s/.test(argument) ? `"${argument}"` : argument;
}

const ENTRY = "govpn.desktop";

/** Linux: a desktop entry in $XDG_CONFIG_HOME/autostart (Desktop Application Autostart Specification 0.5). */
export function autostartFile(
  env: Readonly<Record<string, string | undefined>>,
  home: string,
  command: LaunchCommand,
): Autostart {
  const config = env.XDG_CONFIG_HOME;
  const file = join(config && isAbsolute(config) ? config : join(home, ".config"), "autostart", ENTRY);
  return {
    isOn: async () => isEntryOn(await readFile(file, "utf8").catch(() => "")),
    set: async (on) => {
      try {
        if (!on) await rm(file, { force: true });
        else {
          await mkdir(dirname(file), { recursive: true, mode: 0o700 });
          await writeFileAtomic(file, autostartEntry([command.program, ...command.args, HIDDEN]));
        }
        return ok(undefined);
      } catch (error) {
        return fail(
          "autostart_denied",
          `${file} cannot be ${on ? "written" : "removed"}: ${errnoOf(error) ?? messageOf(error)}`,
        );
      }
    },
  };
}

/** Desktops switch an entry off by a line in it, some by their own. */
function isEntryOn(text: string): boolean {
  return text.includes("[Desktop Entry]") && !/^(Hidden=true|X-GNOME-Autostart-enabled=false)\s*$/m.test(text);
}
