import type { PublicKey, RoomId } from "../../../shared/base/brand.ts";
import type { MemberView, RoomTrustView, RoomView } from "../../../shared/ipc/contract.ts";

/** What a host says of a room, for tests that change what they are about. */

export const trust: RoomTrustView = {
  seal: "sealed",
  waiting: false,
  role: "owner",
  doors: "trusted",
  canLetIn: true,
  canInvite: true,
  removed: {},
  inbound: { mode: "all" },
};

export const member: MemberView = {
  publicKey: "BENS-KEY-IN-BASE64" as PublicKey,
  username: "Ben",
  ipv4: "100.64.0.7",
  ipv6: "fd67:6f76:706e::7",
  state: "connected",
  lane: "media",
  quality: { rttMs: 1.2, lossPercent: 0, reorderedPercent: 0.02 },
  path: "direct",
  rttMs: 1.5,
  verified: true,
  standing: "member",
  role: "member",
  words: "omit clap ridge meadow degree fiscal install segment",
  compared: false,
  inbound: { rule: { mode: "all" }, own: false, refused: 0 },
  traffic: undefined,
};

export const room: RoomView = {
  roomId: "den" as RoomId,
  name: "Den",
  state: "joined",
  owner: true,
  pin: "0421",
  trust,
  members: [member],
};
