import { type Failure, FailureError, messageOf } from "../../../shared/base/result.ts";
import { deriveAddress } from "../../../shared/identity/address.ts";
import type { Saying } from "../../../shared/ipc/app.ts";
import { storedPublicKey } from "../identity/identity.ts";
import type { Check, CheckResult } from "./check.ts";
import type { DoctorContext, SecretsDiagnostics } from "./context.ts";
import { OTHER_PROFILE } from "./machine-checks.ts";
import { asItIs, failed, say } from "./words.ts";

/** Where the passphrase of a sealed store is read from. */
const PASSPHRASE = { variable: "GOVPN_PASSPHRASE" };

/** A locked keychain asks the person at the screen for its password; that takes a while. */
const KEYCHAIN_CHECK_WITHIN_MS = 60_000;

type SecretsContext = Pick<DoctorContext, "secrets" | "platform">;

export const secretStoreCheck: Check<SecretsContext> = {
  id: "secrets",
  title: "Secret store",
  withinMs: KEYCHAIN_CHECK_WITHIN_MS,
  async run({ secrets, platform }) {
    const kind = await secrets.kind();
    if (!kind.ok) return { status: "fail", detail: [failed(kind.error)], fix: [fixFor(kind.error.code, platform)] };
    if (kind.value === undefined) return checkKeychain(secrets, platform);
    const opened = await secrets.open();
    if (!opened.ok) return storeFailure(opened.error, platform);
    const { store, warning } = opened.value;
    if (warning?.code === "secrets_in_plain_file") {
      return { status: "warn", detail: [failed(warning)], fix: plainFileFix(platform) };
    }
    return {
      status: "ok",
      detail: [store.kind === "keychain" ? say("secrets_in_keychain") : say("secrets_in_sealed_file")],
    };
  },
};

/** Nothing is stored yet: says what the first start will do. */
async function checkKeychain(secrets: SecretsDiagnostics, platform: NodeJS.Platform): Promise<CheckResult> {
  if (secrets.hasPassphrase) return { status: "ok", detail: [say("secrets_will_be_sealed", PASSPHRASE)] };
  try {
    await secrets.probeKeychain();
    return { status: "ok", detail: [say("secrets_will_be_in_keychain")] };
  } catch (error) {
    const code = error instanceof FailureError ? error.code : "keychain_unavailable";
    return {
      status: "warn",
      detail: [failed({ code, message: messageOf(error) }), say("secrets_will_be_plain")],
      fix: [fixFor(code, platform), say("set_passphrase", PASSPHRASE)],
    };
  }
}

export const identityCheck: Check<SecretsContext> = {
  id: "identity",
  title: "Identity",
  withinMs: KEYCHAIN_CHECK_WITHIN_MS,
  async run({ secrets, platform }) {
    const kind = await secrets.kind();
    if (!kind.ok || kind.value === undefined) {
      return { status: "skip", detail: [kind.ok ? say("identity_later") : say("store_unknown")] };
    }
    const opened = await secrets.open();
    if (!opened.ok) return { status: "skip", detail: [say("store_closed")] };
    const key = await storedPublicKey(opened.value.store);
    if (!key.ok) return storeFailure(key.error, platform);
    if (!key.value) {
      return { status: "fail", detail: [say("identity_lost")], fix: [fixFor("identity_missing", platform)] };
    }
    const { ipv4, ipv6 } = deriveAddress(key.value);
    return { status: "ok", detail: [asItIs(`${ipv4}, ${ipv6}`)] };
  },
};

export const vaultCheck: Check<SecretsContext> = {
  id: "vault",
  title: "Rooms and keys",
  withinMs: KEYCHAIN_CHECK_WITHIN_MS,
  async run({ secrets }) {
    const kind = await secrets.kind();
    const opened = kind.ok && kind.value !== undefined ? await secrets.open() : undefined;
    if (!opened?.ok) {
      return { status: "skip", detail: [opened || !kind.ok ? say("store_closed") : say("vault_empty")] };
    }
    const { dir, documents, unopenable, setAside } = await secrets.vault(opened.value.store);
    if (unopenable.length > 0) {
      return {
        status: "fail",
        detail: [say("vault_unopenable", { names: unopenable.join(", ") })],
        fix: [say("vault_unopenable_fix")],
      };
    }
    if (setAside.length > 0) {
      return {
        status: "warn",
        detail: [say("vault_set_aside", { names: setAside.join(", ") })],
        fix: [say("vault_set_aside_fix", { folder: dir })],
      };
    }
    if (documents.length === 0) return { status: "ok", detail: [say("vault_empty")] };
    return { status: "ok", detail: [say("vault_opens", { names: documents.join(", ") })] };
  },
};

/** This identity's addresses, as far as they can be known now. For telling our own device from a clash. */
export async function ownAddresses(secrets: SecretsDiagnostics): Promise<readonly string[]> {
  const kind = await secrets.kind();
  if (!kind.ok || kind.value === undefined) return [];
  const opened = await secrets.open();
  const key = opened.ok ? await storedPublicKey(opened.value.store) : undefined;
  if (!key?.ok || !key.value) return [];
  const { ipv4, ipv6 } = deriveAddress(key.value);
  return [ipv4, ipv6];
}

function storeFailure(failure: Failure, platform: NodeJS.Platform): CheckResult {
  // Not being told the passphrase is no defect of the machine; the store itself may be fine.
  const status = failure.code === "passphrase_needed" ? "warn" : "fail";
  return { status, detail: [failed(failure)], fix: [fixFor(failure.code, platform)] };
}

function plainFileFix(platform: NodeJS.Platform): readonly Saying[] {
  const keychain = { command: "govpn identity move --to keychain" };
  return [
    platform === "linux" ? say("move_to_keychain_linux", keychain) : say("move_to_keychain", keychain),
    say("move_to_sealed", { command: "govpn identity move --to sealed" }),
  ];
}

function fixFor(code: string, platform: NodeJS.Platform): Saying {
  const isLinux = platform === "linux";
  const elsewhere = { option: OTHER_PROFILE };
  switch (code) {
    case "keychain_locked":
      return isLinux ? say("keychain_unlock_linux") : say("keychain_unlock");
    case "keychain_unavailable":
      return isLinux ? say("keychain_log_in_linux") : say("keychain_log_in");
    case "passphrase_needed":
      return say("passphrase_give", PASSPHRASE);
    case "wrong_passphrase":
      return say("passphrase_right", { ...PASSPHRASE, ...elsewhere });
    case "unsafe_permissions":
      return say("file_close", elsewhere);
    case "unsafe_owner":
      return say("file_own");
    case "secrets_missing":
    case "identity_missing":
    case "identity_corrupt":
      return say("identity_import", { ...elsewhere, command: "govpn identity import FILE --replace" });
    case "secret_store_unknown":
      return say("record_restore");
    default:
      return say("file_restore", elsewhere);
  }
}
