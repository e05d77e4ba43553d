import { ok, type Result } from "../../../shared/base/result.ts";
import type { SelfView } from "../../../shared/ipc/app.ts";
import type { ActivityLog } from "../activity/log.ts";
import type { HostRunner } from "../host/runner.ts";
import { exportIdentity, importIdentity, replaceIdentity } from "../identity/backup.ts";
import { loadIdentity } from "../identity/identity.ts";
import type { AppHandlers } from "./handlers.ts";
import type { AppParts } from "./parts.ts";
import type { HostPlanner } from "./planner.ts";
import { leaveNothing, leaveToAnother } from "./succession.ts";

export interface IdentityRequestsDeps {
  readonly parts: Pick<AppParts, "secrets" | "vault" | "random" | "clock" | "log2N">;
  readonly runner: HostRunner;
  readonly planner: HostPlanner;
  readonly activity: ActivityLog;
}

/** Who this machine is: taken to another one, brought from another one, or made anew. */
export class IdentityRequests {
  readonly #deps: IdentityRequestsDeps;

  constructor(deps: IdentityRequestsDeps) {
    this.#deps = deps;
  }

  readonly handlers: AppHandlers<"exportIdentity" | "importIdentity"> = {
    exportIdentity: ({ passphrase }) => this.#export(passphrase),
    importIdentity: ({ text, passphrase }) => this.#import(text, passphrase),
  };

  /** A new identity belongs to no room: the old one leaves them all first, as far as their servers can be told now. */
  async replace(): Promise<Result<void>> {
    const { runner, planner } = this.#deps;
    const { secrets, vault, random, clock } = this.#deps.parts;
    const host = runner.requireHost();
    await Promise.all(host.snapshot().rooms.map(({ roomId }) => host.call("leave", { roomId })));
    const replaced = await runner.apart(async () => {
      const forgotten = await leaveNothing(vault);
      return forgotten.ok ? replaceIdentity(secrets, random, clock) : forgotten;
    });
    if (replaced.ok) return this.#take();
    // The old identity stays, and what was wanted of it.
    await planner.apply();
    return replaced;
  }

  async #export(passphrase: string): Promise<Result<{ readonly text: string }>> {
    const { secrets, random, log2N } = this.#deps.parts;
    const text = await exportIdentity(secrets, passphrase, { random, ...(log2N !== undefined && { log2N }) });
    return text.ok ? ok({ text: text.value }) : text;
  }

  async #import(text: string, passphrase: string): Promise<Result<SelfView>> {
    const { runner } = this.#deps;
    const { secrets, vault, clock } = this.#deps.parts;
    const imported = await importIdentity(secrets, text, passphrase, { replace: true, clock });
    if (!imported.ok) return imported;
    const { replaced, changed } = imported.value;
    const forgotten = replaced ? await runner.apart(() => leaveToAnother(vault)) : ok(undefined);
    // It is stored, and so it is this machine's, whether or not the vault could be told.
    const taken = changed ? await this.#take() : ok(undefined);
    if (!forgotten.ok) return forgotten;
    if (!taken.ok) return taken;
    const { publicKey, username, ipv4, ipv6 } = runner.snapshot();
    return ok({ publicKey, username, ipv4, ipv6 });
  }

  /** Another identity is stored: who this machine is changes now. */
  async #take(): Promise<Result<void>> {
    const { planner, activity, parts } = this.#deps;
    const loaded = await loadIdentity(parts.secrets, parts.random);
    if (!loaded.ok) {
      // It cannot be read back: this machine goes on as who it was until the next start.
      await planner.apply();
      return loaded;
    }
    const { signer } = loaded.value;
    activity.add({ kind: "identity_changed", publicKey: signer.publicKey });
    return planner.setSigner(signer);
  }
}
