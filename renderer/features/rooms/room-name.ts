/** The protocol's own bound. */
export const MAX_ROOM_NAME_LENGTH = 64;
