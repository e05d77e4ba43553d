import { parseArgs } from "node:util";
import { openTun } from "../../electron/adapters/tun/index.ts";

/** `open-tun --ipv4 A --ipv6 B [--mtu N] [--no-offloads]`: opens a device, says what it got or why not, and ends. */
const { values } = parseArgs({
  options: {
    ipv4: { type: "string", default: "" },
    ipv6: { type: "string", default: "" },
    mtu: { type: "string", default: "1280" },
    "no-offloads": { type: "boolean", default: false },
  },
});
const { ipv4, ipv6 } = values;
const opened = await openTun({ ipv4, ipv6, mtu: Number(values.mtu), offloads: !values["no-offloads"] });
if (opened.ok) {
  const { name, mtu, offloads } = opened.value;
  console.log(JSON.stringify({ event: "opened", name, mtu, ipv6: opened.value.ipv6.state, offloads }));
  await opened.value.close();
} else {
  const { code, message, command } = opened.error;
  console.log(JSON.stringify({ event: "refused", code, message, command }));
}
