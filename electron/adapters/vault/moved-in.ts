import type { SecretStore, Vault } from "../../../shared/identity/ports.ts";

/**
 * A vault that takes over, at the first touch, the one document that earlier versions kept in the secret store itself. It
 * is written to the vault before it is deleted there, so a crash between the two leaves it in both, and the next start
 * ends what was begun. What is in the vault already is the newer one.
 */
export function movedIn(vault: Vault, secrets: SecretStore, document: string): Vault {
  let moving: Promise<void> | undefined;
  const move = async () => {
    const before = await secrets.get(document);
    if (before === undefined) return;
    if ((await vault.get(document)) === undefined) await vault.set(document, before);
    await secrets.delete(document);
  };
  const touch = (name: string): Promise<void> => {
    if (name !== document) return Promise.resolve();
    moving ??= move().catch((error) => {
      moving = undefined;
      throw error;
    });
    return moving;
  };
  return {
    events: vault.events,
    get: (name) => touch(name).then(() => vault.get(name)),
    set: (name, text) => touch(name).then(() => vault.set(name, text)),
    delete: (name) => touch(name).then(() => vault.delete(name)),
  };
}
