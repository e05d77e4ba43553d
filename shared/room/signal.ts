import type { RoomId } from "../base/brand.ts";
import type { SignalMessage } from "../signaling/replies.ts";

export type SignalKind = "offer" | "answer" | "candidate";

export function signalMessage(
  room_id: RoomId,
  destination_id: string,
  kind: SignalKind,
  content: string,
): SignalMessage {
  switch (kind) {
    case "offer":
      return { type: "Offer", room_id, destination_id, offer: content };
    case "answer":
      return { type: "Answer", room_id, destination_id, answer: content };
    case "candidate":
      return { type: "Candidate", room_id, destination_id, candidate: content };
  }
}
