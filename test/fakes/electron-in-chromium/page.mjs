// @ts-check
/// <reference lib="dom" />
/** Runs in the page before its own scripts: the desktop app's bridge, and the ends of it that main's side calls. */
export function bridge() {
  const page = /** @type {any} */ (globalThis);
  const tellMain = (/** @type {object} */ message) => page.tellMain(JSON.stringify(message));
  /** @type {MessageChannel | undefined} */
  let channel;
  let onGo = (/** @type {unknown} */ _place) => {};
  page.standIn = {
    givePort: () => channel && page.postMessage("govpn:port", page.origin, [channel.port2]),
    hear: (/** @type {string} */ text) => channel?.port1.postMessage(text),
    close: () => channel?.port1.close(),
    go: (/** @type {unknown} */ place) => onGo(place),
  };
  page.govpn = {
    askForPort: () => {
      channel = new MessageChannel();
      channel.port1.onmessage = ({ data }) => tellMain({ frame: data });
      tellMain({});
    },
    onGo: (/** @type {(place: unknown) => void} */ listener) => {
      onGo = listener;
    },
  };
}
