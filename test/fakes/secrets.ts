import type { FailureError } from "../../shared/base/result.ts";
import type { SecretStore } from "../../shared/identity/ports.ts";

/** Secrets in memory, gone with the test. `failWith` makes every call reject, as a keychain that got locked does. */
export class FakeSecretStore implements SecretStore {
  readonly kind: SecretStore["kind"];
  failWith: FailureError | undefined;
  readonly #secrets = new Map<string, string>();

  constructor(kind: SecretStore["kind"] = "memory") {
    this.kind = kind;
  }

  async get(name: string): Promise<string | undefined> {
    this.#check();
    return this.#secrets.get(name);
  }

  async set(name: string, secret: string): Promise<void> {
    this.#check();
    this.#secrets.set(name, secret);
  }

  async delete(name: string): Promise<void> {
    this.#check();
    this.#secrets.delete(name);
  }

  async names(): Promise<readonly string[]> {
    this.#check();
    return [...this.#secrets.keys()];
  }

  #check(): void {
    if (this.failWith) throw this.failWith;
  }
}
