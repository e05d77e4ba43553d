import { isIP } from "node:net";
import { describe, it } from "vitest";
import { clientAddress, TrustedProxies } from "../../electron/server/client-address.ts";
import { readRequest } from "../../electron/server/request.ts";
import { utf8 } from "../../shared/base/bytes.ts";
import { decodeServerFrame } from "../../shared/protocols/govpn/codec.ts";
import {
  MAX_MESSAGE_ID_LENGTH,
  MAX_ROOM_NAME_LENGTH,
  MAX_SIGNAL_LENGTH,
  MAX_USERNAME_LENGTH,
  PIN_PATTERN,
  ROOM_ID_PATTERN,
} from "../../shared/protocols/govpn/limits.ts";
import { signedForms } from "../../shared/protocols/govpn/signature.ts";
import { fuzzTexts, must } from "./mutation/drive.ts";

// What comes over the signaling socket, at either end.

describe("a frame that a server sends", () => {
  it("is a known message within its bounds, one of a later version, or a failure with a code", () => {
    fuzzTexts("server-frame", [], (text) => {
      const decoded = decodeServerFrame(text);
      if (!decoded.ok) {
        must(["too_large", "not_json", "unknown_type", "bad_message"].includes(decoded.error.code), "it has its code");
        return must(decoded.error.message.length < 200, "a failure is a sentence");
      }
      const message = decoded.value;
      if ("room_id" in message && message.room_id !== undefined)
        must(ROOM_ID_PATTERN.test(message.room_id), "a room's id is one");
      if ("public_key" in message) must(message.public_key.length === 44, "a key is one");
      if (message.type === "Offer") must(message.offer.length <= MAX_SIGNAL_LENGTH, "a signal is bounded");
    });
  });
});

describe("a frame that a client sends", () => {
  it("is a request with every field of its type, or a refusal; and what was signed is the frame less its signature", () => {
    fuzzTexts("client-frame", [], (text) => {
      const read = readRequest(text);
      if (!read.ok) return must((read.messageId?.length ?? 0) <= MAX_MESSAGE_ID_LENGTH, "what is echoed is bounded");
      const { message, received } = read;
      const { public_key: key, signature } = message;
      must(key.length === 44 && signature.length > 0, "it says who and has a signature");
      const isPlain = text.split(signature).length === 2;
      if (message.type === "CreateRoom" || message.type === "JoinRoom")
        must(PIN_PATTERN.test(message.password), "a PIN is one");
      if (message.type === "CreateRoom" || message.type === "Rename")
        must(message.room_name.length <= MAX_ROOM_NAME_LENGTH, "a room's name is bounded");
      if (message.type === "CreateRoom" || message.type === "JoinRoom")
        must((message.username?.length ?? 0) <= MAX_USERNAME_LENGTH, "a name is bounded");
      let forms = 0;
      for (const form of signedForms(received, text)) {
        forms++;
        must(form.length <= 6 * text.length + 64, "a signed form is about as long as the frame");
        must(!isPlain || !utf8.decode(form).includes(signature), "no form signs its own signature");
      }
      must(forms >= 4 && forms <= 5, "there are a few forms, and no more");
    });
  });

  it("has an address to count it by, whatever a proxy's header says", () => {
    const proxies = TrustedProxies.parse(["127.0.0.1", "10.0.0.0/8", "fd00::/8"]);
    if (!proxies.ok) throw new Error(proxies.error.message);
    fuzzTexts("forwarded-for", [], (text) => {
      const { group } = clientAddress("127.0.0.1", text, proxies.value);
      must(group.length <= 45, "a group's name is short");
      must(isIP(group.replace(/\/64$/, "")) !== 0, "a group is an address or a network");
    });
  });
});
