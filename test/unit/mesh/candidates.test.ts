import { describe, expect, it } from "vitest";
import { candidateAddress, sdpFingerprint, slimSdp, splitCandidates } from "../../../shared/mesh/candidates.ts";

const print = Array.from({ length: 32 }, (_, i) => i.toString(16).padStart(2, "0")).join(":");
const other = print.replace("00", "ff");
const line = `a=fingerprint:sha-256 ${print}\r\n`;

describe("candidateAddress", () => {
  it.each([
    ["candidate:1 1 UDP 2114977791 192.0.2.2 4242 typ host", "192.0.2.2"],
    ["a=candidate:1 1 UDP 2114977791 fd00::2 4242 typ host", "fd00::2"],
    ["candidate:1  1 UDP 1 name.local 9 typ host", "name.local"],
  ])("reads %s", (line, address) => expect(candidateAddress(line)).toBe(address));

  it.each(["", "candidate:1 1 UDP 1", "host 1 UDP 1 192.0.2.2 9", "a=b=candidate:1 1 UDP 1 192.0.2.2 9"])(
    "finds none in %j",
    (line) => expect(candidateAddress(line)).toBeUndefined(),
  );
});

describe("splitCandidates", () => {
  const sections = [
    "v=0",
    "a=group:BUNDLE 0 data",
    "m=video 9 UDP/TLS/RTP/SAVPF 96",
    "a=candidate:1 1 UDP 1 192.0.2.1 1 typ host",
    "a=mid:0",
    "a=candidate:2 1 UDP 1 192.0.2.2 2 typ host",
    "m=application 9 UDP/DTLS/SCTP webrtc-datachannel",
    "a=mid:data",
    "a=candidate:3 1 UDP 1 192.0.2.3 3 typ host",
    "a=end-of-candidates",
    "",
  ];

  it.each([
    ["CRLF", "\r\n"],
    ["LF", "\n"],
    ["a lone CR", "\r"],
  ])("takes every candidate out, with the mid of its section: lines end with %s", (_name, end) => {
    const { sdp, candidates } = splitCandidates(sections.join(end));
    expect(candidates.map(({ candidate, mid }) => [candidate.split(" ")[0], mid])).toEqual([
      ["candidate:1", "0"],
      ["candidate:2", "0"],
      ["candidate:3", "data"],
    ]);
    expect(sdp).toBe(sections.filter((line) => !/candidate/.test(line)).join("\r\n"));
  });

  it("leaves an SDP without candidates as it is", () => {
    const sdp = "v=0\r\nm=application 9\r\na=mid:0\r\n";
    expect(splitCandidates(sdp)).toEqual({ sdp, candidates: [] });
  });

  it("goes by the number of a section that has no mid, not by the mid of the one before", () => {
    const sdp = "m=a\r\na=mid:x\r\nm=b\r\na=candidate:1 1 UDP 1 192.0.2.1 1 typ host";
    expect(splitCandidates(sdp).candidates[0]?.mid).toBe("1");
  });
});

describe("sdpFingerprint", () => {
  it("reads the SHA-256 fingerprint in upper case", () => {
    expect(sdpFingerprint(`v=0\r\na=fingerprint:sha-256 ${print}\r\na=mid:0`)).toBe(print.toUpperCase());
  });

  it.each([
    ["another hash", `a=fingerprint:sha-1 ${print}`],
    ["too short", `a=fingerprint:sha-256 ${print.slice(3)}`],
    ["too long", `a=fingerprint:sha-256 ${print}:00`],
    ["inside another line", `a=x a=fingerprint:sha-256 ${print}`],
    ["none", "v=0"],
    // As somebody in the middle would write them, who wants us to read another certificate's than the library checks.
    ["another one behind a line separator in the origin", `o=r\u2028a=fingerprint:sha-256 ${other}\u2028\r\n${line}`],
    ["another one in a name for a section", `a=mid:\u2028a=fingerprint:sha-256 ${other}\r\n${line}`],
    ["another one behind a lone carriage return", `a=x:\ra=fingerprint:sha-256 ${other}\r\n${line}`],
    ["another one in capital letters", `A=FINGERPRINT:SHA-256 ${other}\r\n${line}`],
    ["another one of another algorithm", `a=fingerprint:sha-1 AB:CD\r\n${line}`],
    ["two that differ", `${line}a=fingerprint:sha-256 ${other}\r\n`],
    ["one that stands in no line of its own", `o=r\u2028a=fingerprint:sha-256 ${print}\r\n`],
  ])("reads nothing from %s", (_name, sdp) => expect(sdpFingerprint(sdp)).toBeUndefined());

  it("reads one that every section repeats, in letters of either case", () => {
    expect(
      sdpFingerprint(`${line}m=audio\r\n${line.toUpperCase().replace("A=FINGERPRINT:SHA", "a=fingerprint:sha")}`),
    ).toBe(print.toUpperCase());
  });
});

describe("an SDP made slim", () => {
  it("keeps what sets up the connection, ends lines by LF, and leaves out what nobody acts on", () => {
    const sdp = [
      "v=0",
      "a=group:BUNDLE 1 0",
      "a=group:LS 1",
      "a=msid-semantic:WMS *",
      "a=fingerprint:sha-256 AA:BB",
      "m=video 9 UDP/TLS/RTP/SAVPF 96",
      "a=ssrc:1 cname:govpn",
      "a=ssrc:1 msid:x y",
      "a=rtpmap:96 VP8/90000",
      "a=rtcp-fb:96 nack",
      "",
    ].join("\r\n");
    expect(slimSdp(sdp)).toBe(
      [
        "v=0",
        "a=group:BUNDLE 1 0",
        "a=fingerprint:sha-256 AA:BB",
        "m=video 9 UDP/TLS/RTP/SAVPF 96",
        "a=ssrc:1 cname:govpn",
        "a=rtpmap:96 VP8/90000",
        "",
      ].join("\n"),
    );
  });
});
