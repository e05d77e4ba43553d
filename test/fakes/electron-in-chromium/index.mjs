// @ts-check
/** The stand-in for the electron package, with a window that is really there. */
export * from "../electron-package/index.mjs";
export { BrowserWindow, clipboard } from "./window.mjs";
