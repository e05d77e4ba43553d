import type { Emitter } from "../base/emitter.ts";

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

/** A document of the vault was no longer what had been put there, and was moved out of the way. */
export interface DamagedDocument {
  readonly code: "vault_damaged";
  /** A plain sentence: which document, what is wrong with it, and where it lies now. */
  readonly message: string;
  readonly name: string;
  readonly movedTo: string;
}

export interface VaultEvents {
  damaged: DamagedDocument;
}

/**
 * Documents that are as secret as the keys in a SecretStore but longer than one takes (Windows: 2,560 bytes): rooms with
 * their PINs, room keys, policies, known members. Real: electron/adapters/vault. Fake: test/fakes/vault.ts.
 * What was stored is read back whole, the old or the new, whatever happens on the way; what cannot be opened is set aside
 * and told of by `damaged`, and then there is none. Calls reject as a SecretStore's do.
 */
export interface Vault {
  readonly events: Emitter<VaultEvents>;
  /** Undefined when there is no document of the name. */
  get(name: string): Promise<string | undefined>;
  set(name: string, text: string): Promise<void>;
  delete(name: string): Promise<void>;
}
