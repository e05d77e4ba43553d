import { connect } from "node:net";
import { createInterface } from "node:readline";
import { fail, messageOf, type Result } from "../../shared/base/result.ts";
import type { ControlMethod, ControlParams, ControlReplies } from "../../shared/ipc/control.ts";
import { decodeReply, MAX_REPLY_LENGTH } from "../../shared/ipc/wire.ts";
import { openProfile } from "../adapters/profile/profile.ts";

/** A create may wait a minute for the rate limit; a ping of 100 takes a while. The host bounds each by itself. */
const REPLY_WITHIN_MS = 180_000;

/** Asks the running host of a profile. Fails with "not_running" when there is none. */
export async function askHost<M extends ControlMethod>(
  profileDir: string | undefined,
  method: M,
  params: ControlParams<M>,
): Promise<Result<ControlReplies[M]>> {
  const profile = await openProfile(profileDir);
  if (!profile.ok) return profile;
  const path = await profile.value.controlSocketPath();
  if (!path.ok) return path;
  return exchange(path.value, JSON.stringify({ id: 1, method, params })) as Promise<Result<ControlReplies[M]>>;
}

function exchange(path: string, request: string): Promise<Result<unknown>> {
  return new Promise((resolve) => {
    const socket = connect(path, () => socket.write(`${request}\n`));
    const finish = (result: Result<unknown>) => {
      socket.destroy();
      resolve(result);
    };
    socket.setTimeout(REPLY_WITHIN_MS, () => finish(fail("timeout", "the running GoVPN does not answer")));
    socket.on("error", (error: NodeJS.ErrnoException) => {
      const isAbsent = error.code === "ENOENT" || error.code === "ECONNREFUSED";
      finish(isAbsent ? fail("not_running", "nobody answers") : fail("control_socket", messageOf(error)));
    });
    socket.on("close", () => finish(fail("not_running", "the running GoVPN hung up")));
    const lines = createInterface({ input: socket });
    lines.on("error", () => {});
    lines.once("line", (line) => {
      const reply = line.length <= MAX_REPLY_LENGTH ? decodeReply(line) : undefined;
      finish(reply?.result ?? fail("bad_reply", "the running GoVPN gave an answer that cannot be read"));
    });
  });
}
