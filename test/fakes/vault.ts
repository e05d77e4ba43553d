import { Emitter } from "../../shared/base/emitter.ts";
import type { FailureError } from "../../shared/base/result.ts";
import type { Vault, VaultEvents } from "../../shared/identity/ports.ts";

/** Documents in memory. `failWith` makes every call reject; `damage` spoils a document for the next who reads it. */
export class FakeVault implements Vault {
  readonly events = new Emitter<VaultEvents>();
  failWith: FailureError | undefined;
  /** How often anything was written. */
  writes = 0;
  readonly #texts = new Map<string, string>();
  readonly #damaged = new Set<string>();

  async get(name: string): Promise<string | undefined> {
    this.#check();
    this.#setAsideIfDamaged(name);
    return this.#texts.get(name);
  }

  async set(name: string, text: string): Promise<void> {
    this.#check();
    this.#setAsideIfDamaged(name);
    this.writes++;
    this.#texts.set(name, text);
  }

  async delete(name: string): Promise<void> {
    this.#check();
    this.#damaged.delete(name);
    this.#texts.delete(name);
  }

  damage(name: string): void {
    this.#damaged.add(name);
  }

  #setAsideIfDamaged(name: string): void {
    if (!this.#damaged.delete(name)) return;
    this.#texts.delete(name);
    const movedTo = `${name}.damaged`;
    this.events.emit("damaged", { code: "vault_damaged", message: `${name} was set aside`, name, movedTo });
  }

  #check(): void {
    if (this.failWith) throw this.failWith;
  }
}
