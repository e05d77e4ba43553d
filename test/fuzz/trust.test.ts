import { describe, it } from "vitest";
import { readTrustMessage } from "../../shared/trust/messages.ts";
import { checkPolicy, comparePolicies, MAX_HANDOVERS, MAX_LISTED, MAX_REMOVED } from "../../shared/trust/policy.ts";
import { parseOwnerPin, parseRoomKey } from "../../shared/trust/room-key.ts";
import { fuzzTexts, must } from "./mutation/drive.ts";

// What members say to each other about a room, and what is kept of it.

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

describe("what a member says about a room", () => {
  it("is a message within its bounds, one of a later version, or malformed; and no policy counts without a signature", () => {
    fuzzTexts("trust-message", [], (text) => {
      const read = readTrustMessage(parsed(text));
      if (!read.ok) return must(read.error.code === "malformed" && read.error.message.length < 200, "it has its code");
      const message = read.value;
      if (message?.t !== "policy" && message?.t !== "grant") return;
      const { policy } = message;
      must(policy.members.length <= MAX_LISTED && policy.removed.length <= MAX_REMOVED, "its lists are bounded");
      must(policy.chain.length <= MAX_HANDOVERS, "its chain is bounded");
      must(!checkPolicy(policy, () => false).ok, "it does not hold where no signature does");
      checkPolicy(policy, () => true);
      must(comparePolicies(policy, policy) === "same", "it is the same as itself");
      if (message.t === "grant") must(parseRoomKey(message.key) === message.key, "a key is one");
    });
  });

  it("as a key or a hash in base64url: 43 or 22 characters, written as they are", () => {
    fuzzTexts("room-key", [], (text) => {
      const [key, pin] = [parseRoomKey(text), parseOwnerPin(text)];
      must(key === undefined || (key === text && /^[\w-]{43}$/.test(key)), "a key is written in one way");
      must(pin === undefined || (pin === text && /^[\w-]{22}$/.test(pin)), "a hash is written in one way");
    });
  });
});
