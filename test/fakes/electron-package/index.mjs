// @ts-check
/**
 * Stands in for Electron where there is no binary, so that the built main and engine can be run as they are: the app is
 * ready once main's file has run to its end, a window loads its page through the app's protocol and asks for a port as
 * preload does, and a utility process is a child process. The test drives it over the process's own IPC channel:
 *
 *   from the test   {to: "page", text}, {to: "again", argv}, {to: "quit"}, {to: "kill-engine"}
 *   to the test     {from: "page", text}, {from: "loaded", status, type}, {from: "tray", image, tooltip}, {from: "engine", pid}
 */
import { fork } from "node:child_process";
import { EventEmitter } from "node:events";
import { fileURLToPath } from "node:url";
import { MessageChannel } from "node:worker_threads";

const tell = (/** @type {object} */ message) => void process.send?.(message);
const nothing = () => {};

/** @type {Map<string, (request: {url: string, method: string}) => Promise<Response>>} */
const protocols = new Map();
export const protocol = {
  registerSchemesAsPrivileged: nothing,
  handle: (/** @type {string} */ scheme, /** @type {any} */ handler) => protocols.set(scheme, handler),
  /** What the app answers to its own page. Electron's has nothing of the kind. */
  answer: (/** @type {string} */ scheme, /** @type {{url: string, method: string}} */ request) =>
    protocols.get(scheme)?.(request) ?? Promise.resolve(Response.error()),
};

class App extends EventEmitter {
  isPackaged = true;
  requestSingleInstanceLock = () => true;
  commandLine = { hasSwitch: (/** @type {string} */ name) => process.argv.includes(`--${name}`) };
  enableSandbox = nothing;
  setPath = nothing;
  setAppUserModelId = nothing;
  setAsDefaultProtocolClient = () => true;
  getLoginItemSettings = () => ({ openAtLogin: false, executableWillLaunchAtLogin: false, wasOpenedAtLogin: false });
  setLoginItemSettings = nothing;
  getPreferredSystemLanguages = () => ["en-GB"];
  /** Not before main's file has run to its end, as in Electron: whoever awaits this at its top level waits for ever. */
  whenReady = () => new Promise((resolve) => setTimeout(resolve, 0));
  quit() {
    let isPrevented = false;
    this.emit("before-quit", { preventDefault: () => (isPrevented = true) });
    if (!isPrevented) process.exit(0);
  }
  exit(code = 0) {
    process.exit(code);
  }
}
export const app = new App();
export const ipcMain = new EventEmitter();
export const powerMonitor = new EventEmitter();
export const nativeTheme = Object.assign(new EventEmitter(), {
  shouldUseDarkColors: false,
  shouldUseDarkColorsForSystemIntegratedUI: false,
});
export const screen = { getAllDisplays: () => [{ workArea: { x: 0, y: 0, width: 1920, height: 1080 } }] };
export const clipboard = { writeText: nothing };
export const dialog = {
  showErrorBox: (/** @type {string} */ title, /** @type {string} */ content) => tell({ from: "error", title, content }),
  showMessageBox: async () => ({ response: 0, checkboxChecked: false }),
};
export const session = {
  defaultSession: Object.assign(new EventEmitter(), {
    setPermissionRequestHandler: nothing,
    setPermissionCheckHandler: nothing,
    setDevicePermissionHandler: nothing,
  }),
};
export const shell = { openExternal: async () => {} };
export const Menu = { buildFromTemplate: () => ({}), setApplicationMenu: nothing };

/** @type {import("node:worker_threads").MessagePort | undefined} */
let page;

export class MessageChannelMain {
  constructor() {
    const { port1, port2 } = new MessageChannel();
    this.port1 = Object.assign(new EventEmitter(), {
      postMessage: (/** @type {unknown} */ message) => port1.postMessage(message),
      start: () => port1.start(),
      close: () => port1.close(),
    });
    port1.on("message", (data) => this.port1.emit("message", { data }));
    port1.on("close", () => this.port1.emit("close"));
    this.port2 = port2;
  }
}

export class BrowserWindow extends EventEmitter {
  webContents = Object.assign(new EventEmitter(), {
    id: 1,
    setWindowOpenHandler: nothing,
    send: nothing,
    reload: nothing,
  });
  async loadURL(/** @type {string} */ url) {
    const response = await protocol.answer(new URL(url).protocol.slice(0, -1), { url, method: "GET" });
    tell({ from: "loaded", url, status: response.status, type: response.headers.get("Content-Type") });
    this.emit("ready-to-show");
    const senderFrame = {
      origin: "app://govpn",
      parent: null,
      postMessage: (/** @type {string} */ _channel, /** @type {unknown} */ _message, /** @type {any[]} */ ports) => {
        page = ports[0];
        page?.on("message", (text) => tell({ from: "page", text }));
        tell({ from: "port" });
      },
    };
    ipcMain.emit("govpn:ask-for-port", { sender: { id: 1 }, senderFrame });
  }
  show = nothing;
  hide = nothing;
  focus = nothing;
  minimize = nothing;
  maximize = nothing;
  restore = nothing;
  destroy = nothing;
  isVisible = () => true;
  isFocused = () => false;
  isMinimized = () => false;
  isMaximized = () => false;
  getNormalBounds = () => ({ x: 0, y: 0, width: 900, height: 640 });
}

export class Tray extends EventEmitter {
  constructor(/** @type {string} */ image) {
    super();
    this.setImage(image);
  }
  setImage = (/** @type {string} */ image) => tell({ from: "tray", image });
  setToolTip = (/** @type {string} */ tooltip) => tell({ from: "tray", tooltip });
  setContextMenu = nothing;
  destroy = nothing;
}

export class Notification extends EventEmitter {
  show = nothing;
  close = nothing;
}

const parentPort = fileURLToPath(new URL("parent-port.mjs", import.meta.url));
/** @type {import("node:child_process").ChildProcess | undefined} */
let engine;
export const utilityProcess = {
  fork: (/** @type {string} */ program, /** @type {string[]} */ args) => {
    const child = fork(program, args, { serialization: "advanced", execArgv: ["--import", parentPort] });
    engine = child;
    tell({ from: "engine", pid: child.pid });
    return Object.assign(new EventEmitter(), {
      on: (/** @type {string} */ event, /** @type {(...args: any[]) => void} */ listener) => child.on(event, listener),
      postMessage: (/** @type {any} */ message) => void (child.connected && child.send(message)),
      kill: () => child.kill(),
    });
  },
};

process.on("message", (/** @type {{to: string, text?: string, argv?: string[]}} */ { to, text, argv }) => {
  if (to === "page") page?.postMessage(text);
  else if (to === "again") app.emit("second-instance", {}, argv);
  else if (to === "kill-engine") engine?.kill("SIGKILL");
  else if (to === "quit") app.quit();
});
