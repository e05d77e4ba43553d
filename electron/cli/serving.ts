import type { networkInterfaces } from "node:os";
import { dialableElsewhere, dialableHere } from "../main/server/address.ts";
import { invocation } from "./invocation.ts";

/** What a person types next who has a signaling server running at `url`, and where. */
export function nextSteps(url: string, interfaces?: typeof networkInterfaces): readonly string[] {
  const create = (server: string) => `  ${invocation()} up --server ${server} --create "My room"`;
  if (url.startsWith("wss:")) {
    // A certificate is for a name, and the address that the server listens on is none.
    const named = url.replace(/^wss:\/\/(\[.*\]|[^:/]*)/, "wss://NAME");
    return ["On any machine, with the name that the certificate is for, create a room:", create(named)];
  }
  const elsewhere = dialableElsewhere(url, interfaces);
  if (elsewhere !== undefined) return ["On this machine or another, create a room:", create(elsewhere)];
  const here = dialableHere(url);
  const hint = here === url ? ["Other machines cannot reach this server. To let them in: --host 0.0.0.0"] : [];
  return ["In another terminal, create a room:", create(here), ...hint];
}
