import { Suspense } from "react";
import { useActions, useHost, useModel } from "../store/context.ts";
import type { OpenDialog } from "../store/model.ts";
import { later } from "./later.ts";

const CreateDialog = later(() => import("./rooms/create-dialog.tsx"));
const JoinDialog = later(() => import("./rooms/join-dialog.tsx"));
const InviteDialog = later(() => import("./rooms/invite-dialog.tsx"));
const RoomSettingsDialog = later(() => import("./trust/room-settings-dialog.tsx"));
const CompareDialog = later(() => import("./trust/compare-dialog.tsx"));
const ReachDialog = later(() => import("./trust/reach-dialog.tsx"));
const KickDialog = later(() => import("./room/kick-dialog.tsx"));
const HandOverDialog = later(() => import("./trust/hand-over-dialog.tsx"));
const Palette = later(() => import("./palette/palette.tsx"));
const LinkDialog = later(() => import("./rooms/link-dialog.tsx"));

/** The dialogs that can be opened from anywhere. A link that waits for an answer comes before what was open. */
export function Dialogs() {
  const dialog = useModel((model) => model.dialog);
  const link = useHost((host) => host.link);
  const { closeDialog } = useActions();
  if (link) {
    return (
      <Suspense>
        <LinkDialog link={link} />
      </Suspense>
    );
  }
  return <Suspense>{dialog && <Opened dialog={dialog} onClose={closeDialog} />}</Suspense>;
}

function Opened({ dialog, onClose }: { readonly dialog: OpenDialog; readonly onClose: () => void }) {
  switch (dialog.kind) {
    case "create":
      return <CreateDialog onClose={onClose} />;
    case "join":
      return <JoinDialog link={dialog.link ?? ""} onClose={onClose} />;
    case "invite":
      return <InviteDialog roomId={dialog.roomId} onClose={onClose} />;
    case "room_settings":
      return <RoomSettingsDialog roomId={dialog.roomId} onClose={onClose} />;
    case "compare":
      return <CompareDialog roomId={dialog.roomId} publicKey={dialog.publicKey} onClose={onClose} />;
    case "reach":
      return <ReachDialog roomId={dialog.roomId} publicKey={dialog.publicKey} onClose={onClose} />;
    case "kick":
    case "ban":
      return (
        <KickDialog
          roomId={dialog.roomId}
          publicKey={dialog.publicKey}
          isBan={dialog.kind === "ban"}
          onClose={onClose}
        />
      );
    case "hand_over":
      return <HandOverDialog roomId={dialog.roomId} publicKey={dialog.publicKey} onClose={onClose} />;
    case "palette":
      return <Palette onClose={onClose} />;
  }
}
