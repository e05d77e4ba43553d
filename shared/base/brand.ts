declare const brand: unique symbol;
type Brand<T, Name extends string> = T & { readonly [brand]: Name };

/** A member's Ed25519 public key: 32 bytes in standard base64 (44 characters), already checked. */
export type PublicKey = Brand<string, "PublicKey">;
/** A room's id: 1 to 64 characters of [A-Za-z0-9_-], already checked. */
export type RoomId = Brand<string, "RoomId">;
/** The server's name for one socket: opaque, at most 128 characters. */
export type ConnectionId = Brand<string, "ConnectionId">;
