// @ts-check
/** What Electron puts on `process` in a utility process. */
Object.assign(process, {
  parentPort: {
    on: (/** @type {string} */ _event, /** @type {(event: {data: unknown}) => void} */ listener) =>
      process.on("message", (data) => listener({ data })),
    postMessage: (/** @type {unknown} */ message) => process.send?.(message),
  },
});
// Electron ends the process when main is gone.
process.on("disconnect", () => process.exit(1));
