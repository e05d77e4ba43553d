import { describe, expect, it } from "vitest";
import { type ControlMessage, decodeControl, encodeControl, MAX_CONTROL_LENGTH } from "../../../shared/mesh/control.ts";

const hello = {
  t: "hello",
  v: 1,
  username: "ann",
  ipv4_salt: 0,
  mtu: 1280,
  capabilities: ["later"],
  proof: "p",
} as const satisfies ControlMessage;

describe("control messages", () => {
  it.each<ControlMessage>([
    { ...hello, capabilities: [...hello.capabilities] },
    { t: "ping", id: 0 },
    { t: "pong", id: 7 },
    { t: "bye" },
    { t: "bye", room: "room1" },
    { t: "trust", body: {} },
    { t: "trust", body: { kind: "room", rooms: [["r", 1], null], last: { proof: "p" } } },
  ])("come back as they went: %j", (message) => {
    expect(decodeControl(encodeControl(message))).toEqual({ ok: true, value: message });
  });

  it("are ignored when a newer version made up their type", () => {
    expect(decodeControl('{"t":"chat","text":"hi"}')).toEqual({ ok: true, value: undefined });
  });

  it("keep what they know when a newer version adds a field", () => {
    expect(decodeControl('{"t":"ping","id":1,"more":true}')).toEqual({ ok: true, value: { t: "ping", id: 1 } });
  });

  it.each([
    "",
    "null",
    "[]",
    "{",
    '"ping"',
    '{"t":"ping"}',
    '{"t":"ping","id":-1}',
    '{"t":"ping","id":1.5}',
    '{"t":"pong","id":"1"}',
    '{"t":1}',
    JSON.stringify({ ...hello, username: "x".repeat(129) }),
    JSON.stringify({ ...hello, ipv4_salt: 256 }),
    JSON.stringify({ ...hello, mtu: 65_536 }),
    JSON.stringify({ ...hello, capabilities: Array(33).fill("a") }),
    JSON.stringify({ ...hello, v: 0 }),
    JSON.stringify({ t: "bye", room: "x".repeat(65) }),
  ])("are malformed: %.60s", (raw) => {
    expect(decodeControl(raw)).toMatchObject({ ok: false, error: { code: "malformed" } });
  });

  it("are too large over 16 KiB, whatever they hold", () => {
    const raw = JSON.stringify({ t: "chat", text: "x".repeat(MAX_CONTROL_LENGTH) });
    expect(decodeControl(raw)).toMatchObject({ ok: false, error: { code: "too_large" } });
  });

  it.each([
    '{"t":{"toString":1,"valueOf":1}}',
    `{"t":${"[".repeat(7000)}${"]".repeat(7000)}}`,
    '{"t":{"__proto__":null}}',
  ])("regression: a type that cannot be turned into text threw: %.40s", (raw) => {
    expect(decodeControl(raw)).toMatchObject({ ok: false, error: { code: "malformed" } });
  });
});
