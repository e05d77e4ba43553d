import { createCipheriv, createHash } from "node:crypto";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { parseArgs } from "node:util";

/** `file-server --host :: --port 8000 --bytes N`: N bytes of noise over HTTP, the same at every start. */

const { values } = parseArgs({
  options: {
    host: { type: "string", default: "::" },
    port: { type: "string", default: "0" },
    bytes: { type: "string", default: "1048576" },
  },
});

// A cipher's key stream: as hard to compress or to fake as real data, and known beforehand.
const noise = createCipheriv("aes-128-ctr", Buffer.alloc(16, 1), Buffer.alloc(16));
const body = noise.update(Buffer.alloc(Number(values.bytes)));
const sha256 = createHash("sha256").update(body).digest("hex");

const server = createServer((_request, response) => {
  response.writeHead(200, { "content-type": "application/octet-stream", "content-length": body.length });
  response.end(body);
});
server.listen(Number(values.port), values.host, () => {
  const { port } = server.address() as AddressInfo;
  const host = values.host.includes(":") ? `[${values.host}]` : values.host;
  console.log(JSON.stringify({ event: "listening", url: `http://${host}:${port}/`, bytes: body.length, sha256 }));
});
for (const signal of ["SIGINT", "SIGTERM"] as const) {
  process.once(signal, () => {
    server.close();
    server.closeAllConnections();
  });
}
