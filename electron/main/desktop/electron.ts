import {
  app,
  BrowserWindow,
  clipboard,
  dialog,
  ipcMain,
  Menu,
  MessageChannelMain,
  type MessagePortMain,
  Notification,
  nativeTheme,
  powerMonitor,
  protocol,
  screen,
  session,
  shell,
  Tray,
  utilityProcess,
  type WebFrameMain,
} from "electron";
import type { EngineWire } from "../../engine/messages.ts";
import type { ElectronParts, FramePart } from "./electron-parts.ts";

/**
 * Electron itself as the parts that the shell uses: the one file that imports the package when it runs. Some of its
 * modules may be touched only once the app is ready, so they are looked up when they are used.
 */
export const electronParts: ElectronParts = {
  app,
  protocol,
  ipc: {
    on: (channel, listener) =>
      ipcMain.on(channel, ({ sender, senderFrame }) =>
        listener({ sender, senderFrame: senderFrame && framePart(senderFrame) }),
      ),
  },
  clipboard,
  dialog,
  get session() {
    return session.defaultSession;
  },
  get power() {
    return powerMonitor;
  },
  get theme() {
    return nativeTheme;
  },
  get screen() {
    return screen;
  },
  openExternal: (url) => shell.openExternal(url),
  createWindow: (options) => new BrowserWindow(options),
  createTray: (image) => new Tray(image),
  createMenu: (template) => Menu.buildFromTemplate(template),
  setApplicationMenu: (menu) => Menu.setApplicationMenu(menu as Menu | null),
  createNotification: (options) => new Notification(options),
  forkEngine: engineWire,
  createChannel: () => new MessageChannelMain(),
};

/** Ports come from `createChannel` alone, so those that are sent on are Electron's own. */
function framePart(frame: WebFrameMain): FramePart {
  return {
    origin: frame.origin,
    parent: frame.parent,
    postMessage: (channel, message, ports) => frame.postMessage(channel, message, ports as MessagePortMain[]),
  };
}

function engineWire(program: string): EngineWire {
  const child = utilityProcess.fork(program, [], { serviceName: "GoVPN engine", stdio: "inherit" });
  let isClosed = false;
  const wire: EngineWire = {
    send: (message) => child.postMessage(message),
    close: () => {
      isClosed = true;
      child.kill();
    },
    onMessage: () => {},
    onClose: () => {},
  };
  child.on("message", (message) => wire.onMessage(message));
  child.on("exit", (code) => {
    if (!isClosed) wire.onClose(`status ${code}`);
  });
  return wire;
}
