import type { PublicKey, RoomId } from "../../../shared/base/brand.ts";

/** Which member a cell is about: it reads what it shows by itself. */
export interface MemberRef {
  readonly roomId: RoomId;
  readonly publicKey: PublicKey;
}
