import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { readRequest } from "../../../electron/server/request.ts";
import { clientMessageTypes } from "../../../shared/protocols/govpn/messages.ts";
import { fakeKey } from "../../fakes/peer.ts";

const signed = { public_key: fakeKey(1), signature: "s" };
const read = (fields: object) => readRequest(JSON.stringify({ ...signed, ...fields }));
const refusedWith = (fields: object) => {
  const request = read(fields);
  return request.ok ? "accepted" : request.refusal.text;
};
const create = { type: "CreateRoom", room_name: "R", password: "1234" };

describe("reading a request", () => {
  it("trims names, forgets an empty username, and keeps what was received as it was signed", () => {
    const request = read({ ...create, room_name: "  My room ", username: "  " });
    expect(request).toMatchObject({
      ok: true,
      message: { room_name: "My room" },
      received: { room_name: "  My room " },
    });
    expect(request.ok && "username" in request.message && request.message.username).toBeUndefined();
  });

  it.each([
    [{ ...create, room_name: "x".repeat(65) }, "Room name is too long (64 characters at most)"],
    [{ ...create, room_name: ` ${"x".repeat(64)} ` }, "accepted"],
    [{ ...create, room_name: 7 }, "Invalid field: room_name"],
    [{ ...create, room_name: "a\u001b[31mb" }, "Invalid field: room_name"],
    [{ ...create, room_name: "   " }, "Room name, password, and public key are required"],
    [{ ...create, username: "x".repeat(33) }, "Username is too long (32 characters at most)"],
    [{ ...create, username: {} }, "Invalid field: username"],
    [{ ...create, username: "a\nb" }, "Invalid field: username"],
    [{ ...create, username: null }, "accepted"],
    [{ ...create, password: 1234 }, "Invalid field: password"],
    [{ ...create, public_key: 5 }, "Invalid public key format"],
    [{ ...create, message_id: 5 }, "Invalid field: message_id"],
    [{ ...create, message_id: "m".repeat(129) }, "Invalid field: message_id"],
    [{ ...create, signature: 5 }, "Invalid signature"],
    [{ ...create, signature: "x".repeat(129) }, "Invalid signature"],
    [{ type: "LeaveRoom", room_id: "" }, "accepted"],
    [{ type: "LeaveRoom", room_id: 5 }, "Invalid room ID"],
    [{ type: "Kick", room_id: "r", target_id: "x".repeat(129) }, "Invalid field: target_id"],
    [{ type: "Offer", room_id: "r", destination_id: ["d"], offer: "o" }, "Invalid field: destination_id"],
    [{ type: "Offer", room_id: "r", destination_id: "d", offer: { sdp: "" } }, "Invalid field: offer"],
    [{ type: "Offer", room_id: "r", destination_id: "d", offer: "x".repeat(48 * 1024 + 1) }, "Invalid field: offer"],
    [{ type: 5 }, "Unknown message type"],
    [{ type: "__proto__" }, "Unknown message type"],
  ])("%j: %s", (fields, sentence) => {
    expect(refusedWith(fields)).toBe(sentence);
  });

  it("does not decode the connection's own key again, and takes no other for it", () => {
    const text = JSON.stringify({ ...signed, ...create, public_key: "bad" });
    expect(readRequest(text, fakeKey(1))).toMatchObject({ ok: false });
    expect(readRequest(JSON.stringify({ ...signed, ...create }), fakeKey(1))).toMatchObject({ ok: true });
  });

  it("answers any text with a request or a sentence, never a throw", () => {
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string(),
          fc.json(),
          fc.jsonValue().map((value) => JSON.stringify(value)),
        ),
        (text) => {
          const request = readRequest(text);
          expect(request.ok || request.refusal.text.length > 0).toBe(true);
        },
      ),
    );
  });

  it("answers any mixture of fields with a request or a sentence, never a throw", () => {
    const names = [
      "room_id",
      "room_name",
      "password",
      "username",
      "offer",
      "destination_id",
      "target_id",
      "message_id",
    ];
    const value = fc.oneof(fc.string(), fc.constantFrom("1234", "r", "", null), fc.jsonValue());
    const fields = fc.dictionary(fc.constantFrom(...names, "public_key", "signature"), value);
    fc.assert(
      fc.property(fc.constantFrom(...clientMessageTypes), fields, (type, rest) => {
        const request = readRequest(JSON.stringify({ ...signed, type, ...rest }));
        if (request.ok) expect(request.message.type).toBe(type);
        else expect(request.refusal.text).not.toBe("");
      }),
    );
  });
});
