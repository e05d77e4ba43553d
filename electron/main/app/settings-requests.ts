import { ok, type Result } from "../../../shared/base/result.ts";
import type { Settings, SettingsChange } from "../../../shared/ipc/settings.ts";
import type { ActivityLog } from "../activity/log.ts";
import type { HostRunner } from "../host/runner.ts";
import { checkedChange } from "../settings/run-plan.ts";
import type { SettingsReplaced, SettingsStore } from "../settings/store.ts";
import type { AppHandlers } from "./handlers.ts";
import type { IdentityRequests } from "./identity-requests.ts";
import type { HostPlanner } from "./planner.ts";

export interface SettingsRequestsDeps {
  readonly settings: SettingsStore;
  readonly runner: HostRunner;
  readonly planner: HostPlanner;
  readonly activity: ActivityLog;
  readonly identity: IdentityRequests;
}

type SettingsMethod = "setUsername" | "saveSettings" | "exportSettings" | "importSettings" | "reset";

/** What the person chose: changed, taken to another machine, brought from one, put back to what it was at first. */
export class SettingsRequests {
  readonly #deps: SettingsRequestsDeps;

  constructor(deps: SettingsRequestsDeps) {
    this.#deps = deps;
  }

  readonly handlers: AppHandlers<SettingsMethod> = {
    setUsername: async ({ username }) => {
      const saved = await this.#save({ username });
      return saved.ok ? ok({ username: this.#deps.runner.snapshot().username }) : saved;
    },
    saveSettings: ({ change }) => this.#save(change),
    exportSettings: async () => ok({ text: this.#deps.settings.exported() }),
    importSettings: ({ text }) => this.#replace(() => this.#deps.settings.import(text)),
    reset: ({ identity }) => this.#reset(identity),
  };

  #save(change: SettingsChange): Promise<Result<Settings>> {
    return this.#replace(async () => {
      const checked = checkedChange(change);
      return checked.ok ? this.#deps.settings.change(checked.value) : checked;
    });
  }

  async #reset(withIdentity: boolean): Promise<Result<Settings>> {
    const replaced = withIdentity ? await this.#deps.identity.replace() : ok(undefined);
    return replaced.ok ? this.#replace(() => this.#deps.settings.reset()) : replaced;
  }

  async #replace(replace: () => Promise<Result<SettingsReplaced>>): Promise<Result<Settings>> {
    const { planner, activity } = this.#deps;
    const replaced = await replace();
    if (!replaced.ok) return replaced;
    const { before, after } = replaced.value;
    const names = Object.keys(after) as (keyof Settings)[];
    const changed = names.filter((name) => JSON.stringify(before[name]) !== JSON.stringify(after[name]));
    if (changed.length === 0) return ok(after);
    activity.add({ kind: "settings_changed", detail: changed.join(" ") });
    await planner.settingsChanged(changed);
    return ok(after);
  }
}
