import type { Clock } from "../../../shared/base/clock.ts";
import type { Logger } from "../../../shared/base/logger.ts";
import { ASK_FOR_PORT, PORT } from "../../../shared/ipc/desktop.ts";
import { type AppConnection, serveApp, type WatchableApp } from "../ipc/app-connection.ts";
import type { ElectronParts, FramePart, PortPart } from "./electron-parts.ts";
import { isOurPage } from "./security.ts";

export interface PagePortOptions {
  readonly electron: Pick<ElectronParts, "ipc" | "createChannel">;
  /** There once it has started; a page that asks before waits. */
  readonly app: Promise<WatchableApp>;
  /** Whether these are the window's own contents. */
  readonly isWindow: (contentsId: number) => boolean;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** Hands the contract's port to our page, and to nothing else that might send a message. One page has one port. */
export function servePagePorts({ electron, app, isWindow, clock, logger }: PagePortOptions): void {
  let current: AppConnection | undefined;
  let asked = 0;
  electron.ipc.on(ASK_FOR_PORT, ({ sender, senderFrame: frame }) => {
    if (!isOurPage(frame) || !isWindow(sender.id)) {
      logger.warn("something that is not our page asked for a port", { origin: frame?.origin ?? "nobody" });
      return;
    }
    const mine = ++asked;
    void app.then((running) => {
      // It reloaded, and asked again, while the app was starting.
      if (mine !== asked) return;
      current?.close();
      current = handOver(electron, frame);
      serveApp(current, running, clock, logger);
    });
  });
}

function handOver(electron: Pick<ElectronParts, "createChannel">, frame: FramePart): AppConnection {
  const { port1, port2 } = electron.createChannel();
  const connection = portConnection(port1);
  frame.postMessage(PORT, undefined, [port2]);
  return connection;
}

/** A MessagePort as a connection of texts. Whatever comes that is no text is dropped. */
export function portConnection(port: PortPart): AppConnection {
  let isClosed = false;
  const closed = () => {
    if (isClosed) return;
    isClosed = true;
    connection.onClose();
  };
  const connection: AppConnection = {
    send: (text) => port.postMessage(text),
    close: () => {
      port.close();
      closed();
    },
    onFrame: () => {},
    onClose: () => {},
  };
  port.on("message", ({ data }) => {
    if (typeof data === "string" && !isClosed) connection.onFrame(data);
  });
  port.on("close", closed);
  port.start();
  return connection;
}
