import { describe, expect, it } from "vitest";
import { sentence } from "../../../shared/protocols/govpn/sentences.ts";
import { failureOfSentence } from "../../../shared/signaling/failures.ts";

describe("a server's sentence", () => {
  it.each([
    [sentence.wrongPin, "wrong_pin"],
    ["Invalid password", "wrong_pin"],
    [sentence.roomMissing, "room_missing"],
    ["Invalid room ID", "room_missing"],
    [sentence.roomExpired, "room_missing"],
    [sentence.roomFull, "room_full"],
    [sentence.rateLimited, "rate_limited"],
    ["Rate limit exceeded", "rate_limited"],
    [sentence.roomIdConflict, "room_id_conflict"],
    [sentence.notInRoom, "not_in_room"],
    [sentence.peerMissing, "peer_missing"],
    [sentence.ownerOnlyKick, "not_owner"],
    [sentence.ownerOnlyRename, "not_owner"],
    [sentence.ownerOnlyHandOver, "not_owner"],
    [sentence.peerOwnsRoom, "peer_owns_room"],
    [sentence.unknownType, "not_supported"],
    ["Invalid message type: HandOver", "not_supported"],
    [sentence.invalidSignature, "invalid_signature"],
    [sentence.internal, "server_error"],
    [sentence.databaseError, "server_error"],
    [sentence.shuttingDown, "server_error"],
    [sentence.pinPattern, "invalid_request"],
    [sentence.createFieldsRequired, "invalid_request"],
    [sentence.invalidPublicKey, "invalid_request"],
    ["Something nobody foresaw", "invalid_request"],
  ])("%j means %s, and is kept for people", (data, code) => {
    expect(failureOfSentence(data)).toEqual({ code, message: data });
  });

  it("names the room that the key already owns", () => {
    expect(failureOfSentence(sentence.alreadyCreated("abc123"))).toMatchObject({
      code: "already_created",
      roomId: "abc123",
    });
  });

  it("is not believed about a room id that cannot be one", () => {
    expect(failureOfSentence(sentence.alreadyCreated("../../etc"))).toEqual({
      code: "already_created",
      message: "This public key has already created room: ../../etc",
    });
  });

  it("is cut and stripped of what would disturb a terminal", () => {
    const { message } = failureOfSentence(`\u001b[2J${"x".repeat(500)}`);
    expect(message).toHaveLength(200);
    expect(message).not.toContain("\u001b");
    expect(failureOfSentence("").message).toBe("the server gave no reason");
  });
});
