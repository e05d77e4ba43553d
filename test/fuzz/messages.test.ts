import * as v from "valibot";
import { describe, it } from "vitest";
import { maySignForEngine, readFromEngine } from "../../electron/engine/messages.ts";
import { cookiesOf, UiGate } from "../../electron/main/ui-server/gate.ts";
import { appRequests } from "../../shared/ipc/app.ts";
import { keyOfProtocols, SessionRequest } from "../../shared/ipc/browser.ts";
import { controlRequests, decodeControlCall } from "../../shared/ipc/control.ts";
import { applyPatch } from "../../shared/ipc/patch.ts";
import { callDecoder, decodeAnswer, decodeReply, encodeReply, MAX_APP_REQUEST_LENGTH } from "../../shared/ipc/wire.ts";
import { fuzzTexts, must } from "./mutation/drive.ts";

// What one process of the product tells another, and what a browser says to it: each end may have been taken over.

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** A structured clone has bytes and maps, where JSON has lists and objects. */
function cloned(json: unknown): unknown {
  if (!isObject(json)) return json;
  const { message, counts } = json;
  if (Array.isArray(message) && message.every((byte) => typeof byte === "number"))
    return { ...json, message: Uint8Array.from(message) };
  if (!isObject(counts) || !isObject(counts.peers)) return json;
  return { ...json, counts: { ...counts, peers: new Map(Object.entries(counts.peers)) } };
}

function isObject(json: unknown): json is Record<string, unknown> {
  return typeof json === "object" && json !== null;
}

describe("a line from the command line or a window", () => {
  it.each([
    ["control-request", decodeControlCall, controlRequests],
    ["window-request", callDecoder(appRequests, MAX_APP_REQUEST_LENGTH), appRequests],
  ] as const)("is a checked call, or a failure with a code: %s", (parser, decode, table) => {
    fuzzTexts(parser, [], (text) => {
      const call = decode(text);
      if (call.ok) return must(Object.hasOwn(table, call.value.method), "a call is one of the table");
      must(["malformed", "unknown_method", "bad_params"].includes(call.error.code), "a failure has its code");
      must(encodeReply(call.error.id ?? 0, call).length < 2_000, "the answer is bounded");
    });
  });
});

describe("a line to the command line or a window", () => {
  it("is a reply to a question, or nothing", () => {
    fuzzTexts("reply", [], (text) => {
      const reply = decodeReply(text);
      must(!reply || Number.isSafeInteger(reply.id), "a reply says to what");
    });
  });

  it("is a reply or a change of what is shown, which touches nothing else", () => {
    const state = { rooms: { den: { name: "Den", members: {} } }, wanted: true };
    const before = JSON.stringify(state);
    const properties = Object.getOwnPropertyNames(Object.prototype).length;
    let count = 0;
    fuzzTexts("window-answer", [], (text) => {
      const answer = decodeAnswer(text);
      if (answer?.kind === "push") applyPatch(state, answer.patch);
      // Once in a while: a change would stay.
      if (count++ % 256 !== 0) return;
      must(JSON.stringify(state) === before, "the old state stays as it was");
      must(Object.getOwnPropertyNames(Object.prototype).length === properties, "no prototype is changed");
    });
  });
});

describe("what the engine tells main", () => {
  it("is a message that main can rely on, or nothing", () => {
    fuzzTexts("engine-message", [], (text) => {
      const message = cloned(parsed(text));
      const read = readFromEngine(message);
      if (read?.type === "sign") maySignForEngine(read.message);
      if (read?.type === "log") JSON.stringify(read.record);
      must(!read || typeof read.type === "string", "a message has its type");
    });
  });
});

describe("what a browser says to the headless host", () => {
  const gate = new UiGate(8081);

  it("with its headers: let in only as the page that was served", () => {
    fuzzTexts("browser-headers", [], (text) => {
      const [host = "", origin = "", site = "", cookie = "", protocols = ""] = text.split("\n");
      const headers = { host, origin, "sec-fetch-site": site, cookie };
      must(gate.isOurs(headers) === gate.hosts.includes(host), "a host of ours, or none");
      if (!gate.refuseOrigin(headers)) must(origin === `http://${host}`, "an origin of ours");
      gate.refuseFetch(headers);
      const values = cookiesOf(headers, "govpn-8081");
      must(
        values.every((value) => cookie.includes(`govpn-8081=${value}`)),
        "a cookie is one of those that came",
      );
      const key = keyOfProtocols(protocols);
      must(key === undefined || protocols.includes(key), "a key is a piece of the header");
    });
  });

  it("to open a session: a token, or nothing", () => {
    fuzzTexts("session-request", [], (text) => {
      const wanted = v.safeParse(SessionRequest, parsed(text));
      must(!wanted.success || typeof wanted.output.token === "string", "a token is a text");
    });
  });
});
