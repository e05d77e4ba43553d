import { parseArgs } from "node:util";
import { DocumentServer } from "./document-server.ts";

/** `node dist/test/document-server.mjs [--host 127.0.0.1] [--port 0]`: prints one JSON line when it listens. */

const { values } = parseArgs({
  options: {
    host: { type: "string", default: "127.0.0.1" },
    port: { type: "string", default: "0" },
    "rate-limit": { type: "string", default: "3" },
    "max-members": { type: "string", default: "50" },
  },
});
const server = new DocumentServer({
  host: values.host,
  port: Number(values.port),
  rateLimit: Number(values["rate-limit"]),
  maxMembers: Number(values["max-members"]),
});
console.log(JSON.stringify({ event: "listening", url: await server.listen() }));
for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => void server.close());
