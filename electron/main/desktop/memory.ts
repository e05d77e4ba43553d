import * as v from "valibot";
import type { Logger } from "../../../shared/base/logger.ts";
import { ok } from "../../../shared/base/result.ts";
import type { Profile } from "../../adapters/profile/profile.ts";
import { WindowPlace } from "./window-place.ts";

/** What the shell remembers of itself, apart from what the person chose in the settings. */
const ShellState = v.object({
  window: v.optional(WindowPlace),
  /** The person was told, once, that closing the window does not end the program. */
  toldOfTray: v.optional(v.boolean(), false),
  /** What closing the window does where there is no tray. Absent: it asks. */
  onClose: v.optional(v.picklist(["keep", "quit"])),
});
export type ShellState = v.InferOutput<typeof ShellState>;

const FILE = "desktop.json";

export interface ShellMemory {
  readonly state: ShellState;
  /** Kept at once, written soon. A file that cannot be written costs a window's place, and no more. */
  change(change: Partial<ShellState>): void;
  /** Everything is on the disk. */
  settled(): Promise<void>;
}

export async function openMemory(
  profile: Pick<Profile, "readJson" | "writeJson">,
  logger: Logger,
): Promise<ShellMemory> {
  const read = await profile.readJson(FILE, ShellState);
  const warn = ({ message }: { readonly message: string }) => logger.warn("the window's memory", { why: message });
  if (!read.ok) warn(read.error);
  else if (read.value.warning) warn(read.value.warning);
  let state: ShellState = (read.ok ? read.value.value : undefined) ?? { toldOfTray: false };
  let writing = Promise.resolve();
  return {
    get state() {
      return state;
    },
    change: (change) => {
      state = { ...state, ...change };
      const wanted = state;
      writing = writing.then(async () => {
        const written = await profile.writeJson(FILE, wanted);
        if (!written.ok) warn(written.error);
      });
    },
    settled: () => writing,
  };
}

/** For when there is no profile to write to: what the shell remembers lasts as long as it runs. */
export const forgetfulProfile: Pick<Profile, "readJson" | "writeJson"> = {
  readJson: async () => ok({}),
  writeJson: async () => ok(undefined),
};
