import { once } from "node:events";
import { MessageChannel } from "node:worker_threads";
import { describe, expect, it } from "vitest";
import { messagePortDial } from "../../../renderer/bridge/message-port.ts";
import { type DesktopBridge, PORT } from "../../../shared/ipc/desktop.ts";

/** A page's window as far as the dial sees it, with a preload that answers when told. */
function page() {
  const target = new EventTarget();
  let asked = 0;
  const bridge: DesktopBridge = { askForPort: () => void asked++, onGo: () => {} };
  const window = target as unknown as Window;
  const post = (data: unknown, ports: readonly unknown[], source: unknown = window) =>
    target.dispatchEvent(Object.assign(new Event("message"), { data, ports, source }));
  return { window, bridge, post, asked: () => asked };
}

function listen(parts: ReturnType<typeof page>) {
  const heard: string[] = [];
  let send: ((text: string) => void) | undefined;
  const wire = messagePortDial(
    parts.window,
    parts.bridge,
  )({
    opened: (sender) => {
      send = sender;
    },
    receive: (text) => heard.push(text),
    closed: (why) => heard.push(`closed: ${why}`),
  });
  return { wire, heard, send: (text: string) => send?.(text), isOpen: () => send !== undefined };
}

describe("the port to the desktop app", () => {
  it("is asked for, and carries texts both ways", async () => {
    const parts = page();
    const { heard, send } = listen(parts);
    expect(parts.asked()).toBe(1);
    const { port1, port2 } = new MessageChannel();
    parts.post(PORT, [port1]);
    send("from the page");
    const [text] = await once(port2, "message");
    expect(text).toBe("from the page");
    port2.postMessage("from main");
    await expect.poll(() => heard).toEqual(["from main"]);
    port2.close();
    await expect.poll(() => heard).toEqual(["from main", "closed: lost"]);
  });

  it("is taken from this very window alone, under its own name, and once", () => {
    const parts = page();
    const { isOpen } = listen(parts);
    const { port1, port2 } = new MessageChannel();
    parts.post("something else", [port1]);
    parts.post(PORT, [port1], {});
    parts.post(PORT, []);
    expect(isOpen()).toBe(false);
    parts.post(PORT, [port1]);
    expect(isOpen()).toBe(true);
    port2.close();
  });

  it("is closed when it is given up, also before it came", async () => {
    const parts = page();
    const early = listen(parts);
    early.wire.dispose();
    const { port1, port2 } = new MessageChannel();
    parts.post(PORT, [port1]);
    expect(early.isOpen()).toBe(false);
    const late = listen(parts);
    parts.post(PORT, [port1]);
    const closed = once(port2, "close");
    late.wire.dispose();
    await closed;
  });
});
