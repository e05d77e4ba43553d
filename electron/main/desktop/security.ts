import type { BrowserWindowConstructorOptions, CustomScheme } from "electron";
import { DESKTOP_ORIGIN } from "../../../shared/ipc/desktop.ts";
import type { ContentsPart, FramePart, SessionPart } from "./electron-parts.ts";

/** The scheme of DESKTOP_ORIGIN. It serves the page, and nothing but the page. */
export const DESKTOP_SCHEME = "app";

/**
 * What a page of this program may do. Each point of Electron's security checklist that code can answer is answered
 * here, in app-protocol.ts, or in build/fuses.mjs; docs/desktop.md goes through it point by point.
 */

/** What the one window's page runs with. Said in full, though much of it is Electron's default: defaults have changed before. */
export function pageRights(preload: string): NonNullable<BrowserWindowConstructorOptions["webPreferences"]> {
  return {
    preload,
    contextIsolation: true,
    sandbox: true,
    nodeIntegration: false,
    nodeIntegrationInWorker: false,
    nodeIntegrationInSubFrames: false,
    webSecurity: true,
    allowRunningInsecureContent: false,
    experimentalFeatures: false,
    webviewTag: false,
    navigateOnDragDrop: false,
    safeDialogs: true,
    spellcheck: false,
    enableWebSQL: false,
  };
}

/**
 * `app:` behaves like https: for its own files and has no other powers. Told to Electron before it is ready.
 * Without `supportFetchAPI` a page could not even load its own modules' data; `corsEnabled` stays off, so no other
 * origin can ask for anything here.
 */
export const appScheme: CustomScheme = {
  scheme: DESKTOP_SCHEME,
  privileges: {
    standard: true,
    secure: true,
    supportFetchAPI: true,
    corsEnabled: false,
    bypassCSP: false,
    allowServiceWorkers: false,
    stream: false,
    codeCache: true,
  },
};

/**
 * Where a click on a link may lead, in the person's browser. Each is the beginning of an address, with its path. The
 * page links nowhere yet, so nothing is allowed yet.
 */
export const EXTERNAL: readonly string[] = [];

/** Whether an address may be handed to the system. It is parsed first: what is compared is what will be opened. */
export function mayOpenOutside(url: string, allowed = EXTERNAL): boolean {
  const parsed = URL.canParse(url) ? new URL(url) : undefined;
  if (parsed?.protocol !== "https:" || parsed.username !== "" || parsed.password !== "") return false;
  return allowed.some((prefix) => parsed.href.startsWith(prefix));
}

/** Keeps any page in its place: whatever contents come to be, by whatever way. */
export function confine(contents: ContentsPart, openExternal: (url: string) => void, allowed = EXTERNAL): void {
  contents.setWindowOpenHandler(({ url }) => {
    if (mayOpenOutside(url, allowed)) openExternal(url);
    return { action: "deny" };
  });
  // The page moves by its fragment, which is no navigation. What main loads itself does not come this way.
  for (const event of ["will-navigate", "will-frame-navigate", "will-redirect"] as const)
    contents.on(event, (details) => details.preventDefault());
  contents.on("will-attach-webview", (event) => event.preventDefault());
}

/** "Copy" buttons. Reading the clipboard, notifications, media, devices: the page has no use for any of them. */
const PERMISSIONS: ReadonlySet<string> = new Set(["clipboard-sanitized-write"]);

/** Denies what a page may ask of the system, but for what this one needs. */
export function limitSession(session: SessionPart): void {
  session.setPermissionRequestHandler((_contents, permission, reply) => reply(PERMISSIONS.has(permission)));
  session.setPermissionCheckHandler(
    (_contents, permission, origin) => PERMISSIONS.has(permission) && isOurOrigin(origin),
  );
  session.setDevicePermissionHandler(() => false);
  // A file that the page made itself, because somebody clicked on "Export"; Electron then asks where to put it.
  session.on("will-download", (event, item) => {
    if (!item.getURL().startsWith(`blob:${DESKTOP_ORIGIN}/`) || !item.hasUserGesture()) event.preventDefault();
  });
}

/** Some of Electron's callbacks write an origin with a slash at its end, some without. */
function isOurOrigin(origin: string): boolean {
  return origin === DESKTOP_ORIGIN || origin === `${DESKTOP_ORIGIN}/`;
}

/** Whether a message is from our page itself, not from a frame in it nor from anything else that runs by then. */
export function isOurPage(frame: FramePart | null): frame is FramePart {
  return frame !== null && frame.parent === null && isOurOrigin(frame.origin);
}
