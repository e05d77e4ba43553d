import type { AppState } from "../../../shared/ipc/app.ts";
import type { DialogPart } from "./electron-parts.ts";
import type { ShellMemory } from "./memory.ts";
import type { Translate } from "./strings.ts";
import type { TrayHost } from "./tray-host.ts";

export interface ClosingOptions {
  readonly dialog: Pick<DialogPart, "showMessageBox">;
  readonly memory: Pick<ShellMemory, "state" | "change">;
  readonly platform: NodeJS.Platform;
  readonly trayHost: TrayHost;
  readonly translate: () => Translate;
  /** Undefined while it is starting. */
  readonly state: () => AppState | undefined;
  readonly hide: () => void;
  readonly minimize: () => void;
  readonly quit: () => void;
  /** Tells where the program went. */
  readonly tellOfTray: () => void;
}

/**
 * What becomes of a window that the person closes:
 *
 *   there is a tray          it hides there; the first time it is said so
 *   no tray, and no room     the program ends: nothing is lost by it
 *   no tray, but rooms       what the person said before, or a question: into the taskbar, or the end
 */
export function windowClosing(options: ClosingOptions): () => Promise<void> {
  let isAsking = false;
  return async () => {
    if (isAsking) return;
    isAsking = true;
    try {
      await close(options);
    } finally {
      isAsking = false;
    }
  };
}

async function close(options: ClosingOptions): Promise<void> {
  const { memory, platform, trayHost, state, hide, minimize, quit, tellOfTray } = options;
  if (await trayHost()) {
    hide();
    // On macOS a closed window is no ended program, and everybody knows it.
    if (platform === "darwin" || memory.state.toldOfTray) return;
    memory.change({ toldOfTray: true });
    return tellOfTray();
  }
  const now = state();
  if (!now?.wanted || Object.keys(now.rooms).length === 0) return quit();
  const choice = memory.state.onClose ?? (await ask(options));
  if (choice === "keep") minimize();
  else if (choice === "quit") quit();
}

async function ask({ dialog, memory, translate: language }: ClosingOptions): Promise<"keep" | "quit" | undefined> {
  const translate = language();
  const { response, checkboxChecked } = await dialog.showMessageBox({
    type: "question",
    message: translate("close_message"),
    detail: translate("close_detail"),
    buttons: [translate("close_keep"), translate("close_quit"), translate("close_cancel")],
    defaultId: 0,
    cancelId: 2,
    checkboxLabel: translate("close_remember"),
  });
  const choice = (["keep", "quit"] as const)[response];
  if (choice && checkboxChecked) memory.change({ onClose: choice });
  return choice;
}
