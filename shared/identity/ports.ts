/**
 * Where a machine's secrets lie: the OS keychain, a file only its owner can read, or a file sealed under a passphrase.
 * Real: electron/adapters/secrets. Fake: test/fakes/secrets.ts. Every call may reject with a FailureError whose code
 * says why ("keychain_unavailable", "keychain_locked", "wrong_passphrase", "unsafe_permissions", "unreadable", "unwritable").
 */
export interface SecretStore {
  readonly kind: "keychain" | "file" | "sealed-file" | "memory";
  /** Undefined when nothing is stored under the name. */
  get(name: string): Promise<string | undefined>;
  set(name: string, secret: string): Promise<void>;
  delete(name: string): Promise<void>;
  /** Every name that has a secret, in any order: what has to be moved when another store takes over. */
  names(): Promise<readonly string[]>;
}
