import { API_PATH, socketProtocols, TOKEN_FRAGMENT } from "../../shared/ipc/browser.ts";
import { isSignedOut, openSession, sessionKey } from "./session.ts";
import type { Dial } from "./wire.ts";

/** Reaches the headless host that served this page. */
export function webSocketDial(page: Window): Dial {
  // A new link that is pasted into this very tab differs in the fragment alone, so nothing loads by itself.
  page.addEventListener("hashchange", () => {
    if (page.location.hash.startsWith(TOKEN_FRAGMENT)) page.location.reload();
  });
  // Once a page: the first dial finds the token in the address, later ones find none.
  return (end) => {
    let socket: WebSocket | undefined;
    let isOver = false;
    const open = async () => {
      await openSession(page);
      const key = sessionKey(page);
      if (isOver) return;
      if (key === undefined) return end.closed("signed_out");
      socket = new WebSocket(apiUrl(page), socketProtocols(key));
      const opened = socket;
      opened.onopen = () => end.opened((text) => opened.send(text));
      opened.onmessage = ({ data }) => typeof data === "string" && end.receive(data);
      opened.onclose = async () => {
        const isRefused = await isSignedOut();
        if (!isOver) end.closed(isRefused ? "signed_out" : "lost");
      };
    };
    void open();
    return {
      dispose: () => {
        isOver = true;
        socket?.close();
      },
    };
  };
}

function apiUrl(page: Window): string {
  const url = new URL(API_PATH, page.location.href);
  url.protocol = url.protocol === "https:" ? "wss:" : "ws:";
  url.hash = "";
  return url.href;
}
