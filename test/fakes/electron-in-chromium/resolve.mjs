// @ts-check
/** @type {import("node:module").ResolveHook} */
export const resolve = (specifier, context, next) =>
  specifier === "electron"
    ? { url: new URL("./index.mjs", import.meta.url).href, shortCircuit: true }
    : next(specifier, context);
