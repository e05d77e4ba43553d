// @ts-check
/** Whoever asks for the package "electron" is given the stand-in: the app's main by import, a debugger by require. */
import Module, { register } from "node:module";

register("./resolve.mjs", import.meta.url);

const commonJs = /** @type {any} */ (Module);
const load = commonJs._load;
const electron = import("./index.mjs");
commonJs._load = (/** @type {string} */ request, /** @type {unknown[]} */ ...rest) =>
  request === "electron" ? /** @type {any} */ (globalThis).standInElectron : load(request, ...rest);
/** @type {any} */ (globalThis).standInElectron = await electron;
