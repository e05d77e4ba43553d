import { describe, it } from "vitest";
import { parseStunServer } from "../../electron/adapters/net/stun.ts";
import { parseBindingResponse } from "../../electron/adapters/net/stun-message.ts";
import { parseIceServer } from "../../electron/adapters/webrtc/ice-servers.ts";
import { linkAmong } from "../../electron/main/desktop/deep-link.ts";
import { ROOM_ID_PATTERN } from "../../shared/protocols/govpn/limits.ts";
import { formatJoinLink, MAX_LINK_LENGTH, parseJoinLink } from "../../shared/room/link.ts";
import { cleanRoomName } from "../../shared/room/names.ts";
import { parseServerUrl } from "../../shared/signaling/url.ts";
import { parseOwnerPin, parseRoomKey } from "../../shared/trust/room-key.ts";
import { formatInboundRule, MAX_PORT_RANGES, parseInboundRule } from "../../shared/tunnel/inbound-rule.ts";
import { digest, fuzzBytes, fuzzTexts, must } from "./mutation/drive.ts";

// Links, addresses and rules: what people paste and click, and what a STUN server answers.

/** Named here and not imported: the window's code is checked with a browser's types, which these tests have not. */
const PLACES = "../../renderer/bridge/places.ts";

const isSocketUrl = (url: string) => /^wss?:$/.test(new URL(url).protocol);

describe("what somebody pastes or clicks", () => {
  it("as a link: a room, a server to dial and a name to show, or a code; and what was read means the same once written", () => {
    fuzzTexts("join-link", [], (text) => {
      linkAmong(["govpn", "--flag", text]);
      const read = parseJoinLink(text);
      if (!read.ok) return must(read.error.code.startsWith("link_"), "a failure has its code");
      const { roomId, server, name, key, owner } = read.value;
      must(ROOM_ID_PATTERN.test(roomId), "a room's id is one");
      must(server === undefined || isSocketUrl(server), "a server is one to dial");
      must(name === undefined || cleanRoomName(name) === name, "a name is fit to be shown");
      must(key === undefined || parseRoomKey(key) !== undefined, "a key can be taken up");
      must(owner === undefined || parseOwnerPin(owner) !== undefined, "so can a founder's hash");
      const written = formatJoinLink(read.value);
      // Escapes make it longer than it came.
      if (written.length > MAX_LINK_LENGTH) return;
      const again = parseJoinLink(written);
      must(again.ok && JSON.stringify(again.value) === JSON.stringify(read.value), "written, it means the same");
    });
  });

  it("as a server: a URL to dial without anybody's password, and the same URL when it is read again; or a code", () => {
    fuzzTexts("server-url", [], (text) => {
      const read = parseServerUrl(text);
      if (!read.ok) return must(read.error.code.startsWith("url_"), "a failure has its code");
      const url = new URL(read.value);
      must(isSocketUrl(read.value) && url.hostname !== "", "it is one to dial");
      must(url.username === "" && url.password === "" && url.hash === "", "it holds no secret");
      const again = parseServerUrl(read.value);
      must(again.ok && again.value === read.value, "read again, it is the same");
    });
  });

  it("as a STUN or TURN server: a host and a port, or none", () => {
    fuzzTexts("ice-server", [], (text) => {
      const ice = parseIceServer({ url: text, username: "ann", credential: text });
      if (!ice.ok) must(ice.error.code === "bad_ice_server", "a failure has its code");
      else if (typeof ice.value === "string")
        must(/^stun:\S+:\d+$/.test(ice.value), "a STUN server is a host and a port");
      const stun = parseStunServer(text, 3478);
      must(!stun || (/^[\w.:-]+$/.test(stun.host) && stun.port >= 1 && stun.port <= 65_535), "a host and a port");
    });
  });

  it("as a rule for ports: one that reads the same once written, or a code", () => {
    fuzzTexts("inbound-rule", [], (text) => {
      const read = parseInboundRule(text);
      if (!read.ok) return must(read.error.code === "invalid_rule", "a failure has its code");
      const rule = read.value;
      must(rule.mode !== "ports" || rule.ports.length <= MAX_PORT_RANGES, "a rule is bounded");
      const again = parseInboundRule(formatInboundRule(rule));
      must(again.ok && JSON.stringify(again.value) === JSON.stringify(rule), "written, it means the same");
    });
  });

  it("as the address of a screen: a screen that there is", async () => {
    const { placeOf } = (await import(PLACES)) as { placeOf(hash: string): { readonly screen: string } };
    fuzzTexts("page-address", [], (text) => {
      const { screen } = placeOf(text);
      must(/^[a-z]+$/.test(screen), "there is such a screen");
    });
  });
});

describe("what a STUN server answers", () => {
  const transactionId = Uint8Array.from({ length: 12 }, (_, i) => i + 1);

  it("is an address and a port, or a failure with a code", () => {
    fuzzBytes("stun-answer", [], (input) => {
      const read = parseBindingResponse(input, transactionId);
      if (!read.ok) return digest(1, read.error.message.length);
      const { address, port } = read.value;
      must(port >= 0 && port <= 65_535, "a port is one");
      must(/^[\d.]{7,15}$|^[\da-f:]{2,39}$/.test(address), "an address is one");
      return digest(digest(2, port), address.length);
    });
  });
});
