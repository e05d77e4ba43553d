import type { Logger } from "../../../shared/base/logger.ts";
import { FailureError } from "../../../shared/base/result.ts";
import { openRoomStore } from "../../adapters/store/libsql-room-store.ts";
import { startServer } from "../../server/server.ts";
import { openServerFolder } from "./folder.ts";

export interface EmbeddedServer {
  readonly url: string;
  close(): Promise<void>;
}

/**
 * A signaling server in this process, with its rooms in a folder that it holds until it is closed.
 * @throws FailureError: "address_in_use", "data_in_use", "unwritable" among others.
 */
export async function startEmbedded(
  { host, port }: { readonly host: string; readonly port: number },
  path: string,
  logger: Logger,
): Promise<EmbeddedServer> {
  const folder = await openServerFolder(path);
  if (!folder.ok) throw new FailureError(folder.error);
  const { file, lock } = folder.value;
  try {
    const server = await startServer({ host, port, store: openRoomStore(file, logger), logger });
    const close = async () => {
      await server.close();
      await lock.release();
    };
    return { url: server.url, close };
  } catch (error) {
    await lock.release();
    throw error;
  }
}
