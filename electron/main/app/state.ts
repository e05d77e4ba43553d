import type { AppState, AppView, RightsView, UiRoom } from "../../../shared/ipc/app.ts";
import type { HostSnapshot, RoomView } from "../../../shared/ipc/contract.ts";
import type { Settings } from "../../../shared/ipc/settings.ts";

export interface StateSources {
  readonly app: AppView;
  readonly isWanted: boolean;
  readonly host: HostSnapshot;
  readonly rights: RightsView | undefined;
  readonly settings: Settings;
  readonly activity: AppState["activity"];
  readonly link: AppState["link"];
}

/** The window's picture of everything, of what its parts say. */
export function stateOf({ app, isWanted, host, rights, settings, activity, link }: StateSources): AppState {
  const { publicKey, username, ipv4, ipv6, server, tunnel, secrets, rooms, traffic, creationQueuedUntil } = host;
  return {
    app,
    self: { publicKey, username, ipv4, ipv6 },
    wanted: isWanted,
    server,
    tunnel,
    ...(rights && { rights }),
    secrets,
    settings,
    ...(creationQueuedUntil !== undefined && { creationQueuedUntil }),
    rooms: Object.fromEntries(rooms.map((room) => [room.roomId, uiRoom(room)])),
    traffic,
    activity,
    ...(link && { link }),
  };
}

function uiRoom({ members, pin, ...room }: RoomView): UiRoom {
  return {
    ...room,
    hasPin: pin !== undefined,
    members: Object.fromEntries(members.map((member) => [member.publicKey, member])),
  };
}
