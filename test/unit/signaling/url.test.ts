import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { parseServerUrl } from "../../../shared/signaling/url.ts";

const url = (text: string) => {
  const result = parseServerUrl(text);
  return result.ok ? result.value : result.error.code;
};

describe("what a person types for a server", () => {
  it.each([
    ["example.org", "wss://example.org/ws"],
    ["  Example.org  ", "wss://example.org/ws"],
    ["example.org:8080", "wss://example.org:8080/ws"],
    ["example.org/vpn/ws", "wss://example.org/vpn/ws"],
    ["https://example.org", "wss://example.org/ws"],
    ["http://example.org:8080/", "ws://example.org:8080/ws"],
    ["ws://example.org", "ws://example.org/ws"],
    ["WSS://example.org/socket?x=1", "wss://example.org/socket?x=1"],
    ["203.0.113.5:8080", "wss://203.0.113.5:8080/ws"],
    ["bücher.example", "wss://xn--bcher-kva.example/ws"],
  ])("%j is %s", (text, expected) => {
    expect(url(text)).toBe(expected);
  });

  it.each([
    ["localhost:8080", "ws://localhost:8080/ws"],
    ["127.0.0.1:8080", "ws://127.0.0.1:8080/ws"],
    ["192.168.1.5", "ws://192.168.1.5/ws"],
    ["10.0.0.2:80", "ws://10.0.0.2/ws"],
    ["172.31.0.1", "ws://172.31.0.1/ws"],
    ["100.64.3.4", "ws://100.64.3.4/ws"],
    ["[::1]:8080", "ws://[::1]:8080/ws"],
    ["[fd00::1]", "ws://[fd00::1]/ws"],
    ["nas", "ws://nas/ws"],
    ["nas.local:8080", "ws://nas.local:8080/ws"],
    ["wss://localhost", "wss://localhost/ws"],
  ])("%j, which nobody could certify, is %s", (text, expected) => {
    expect(url(text)).toBe(expected);
  });

  it.each([
    ["172.32.0.1", "wss://172.32.0.1/ws"],
    ["100.128.0.1", "wss://100.128.0.1/ws"],
    ["192.169.0.1", "wss://192.169.0.1/ws"],
    ["[2001:db8::1]", "wss://[2001:db8::1]/ws"],
    ["notlocal.localhost.example", "wss://notlocal.localhost.example/ws"],
  ])("%j is not local, so it is %s", (text, expected) => {
    expect(url(text)).toBe(expected);
  });

  it.each([
    ["", "url_empty"],
    ["   ", "url_empty"],
    ["ftp://example.org", "url_scheme"],
    ["file:///etc/passwd", "url_scheme"],
    ["ws://", "url_invalid"],
    ["ws://user:pw@example.org", "url_credentials"],
    ["user@example.org", "url_credentials"],
    ["example.org:99999", "url_invalid"],
    ["example.org:0", "url_invalid"],
    ["two words", "url_invalid"],
    ["example.org#x", "url_invalid"],
    ["fd00::1", "url_invalid"],
    [`example.org/${"x".repeat(3000)}`, "url_too_long"],
    // Short enough as typed, and too long to be read again once it has a scheme and a path.
    [`${"a.".repeat(1022)}a`, "url_too_long"],
  ])("%j is refused as %s", (text, code) => {
    expect(url(text)).toBe(code);
  });

  it("hints at the brackets of an IPv6 address", () => {
    expect(parseServerUrl("fd00::1")).toMatchObject({ error: { message: expect.stringContaining("square brackets") } });
  });

  it("once accepted is accepted again as it is", () => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.webUrl(), fc.domain()), (text) => {
        const first = parseServerUrl(text);
        if (!first.ok) return;
        expect(first.value).toMatch(/^wss?:\/\/.+\//);
        expect(parseServerUrl(first.value)).toEqual(first);
      }),
    );
  });
});
