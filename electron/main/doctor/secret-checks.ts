import { type Failure, FailureError, messageOf } from "../../../shared/base/result.ts";
import { deriveAddress } from "../../../shared/identity/address.ts";
import { storedPublicKey } from "../identity/identity.ts";
import type { Check, CheckResult } from "./check.ts";
import type { DoctorContext, SecretsDiagnostics } from "./context.ts";

/** A locked keychain asks the person at the screen for its password; that takes a while. */
const KEYCHAIN_CHECK_WITHIN_MS = 60_000;

type SecretsContext = Pick<DoctorContext, "secrets" | "platform">;

export const secretStoreCheck: Check<SecretsContext> = {
  id: "secrets",
  title: "Secret store",
  withinMs: KEYCHAIN_CHECK_WITHIN_MS,
  async run({ secrets, platform }) {
    const kind = await secrets.kind();
    if (!kind.ok) return { status: "fail", detail: kind.error.message, fix: fixFor(kind.error.code, platform) };
    if (kind.value === undefined) return checkKeychain(secrets, platform);
    const opened = await secrets.open();
    if (!opened.ok) return storeFailure(opened.error, platform);
    const { store, warning } = opened.value;
    if (warning?.code === "secrets_in_plain_file") {
      return { status: "warn", detail: warning.message, fix: plainFileFix(platform) };
    }
    return {
      status: "ok",
      detail: store.kind === "keychain" ? "the system's keychain" : "a file sealed under a passphrase",
    };
  },
};

/** Nothing is stored yet: says what the first start will do. */
async function checkKeychain(secrets: SecretsDiagnostics, platform: NodeJS.Platform): Promise<CheckResult> {
  if (secrets.hasPassphrase) return { status: "ok", detail: "the first start will seal a file under GOVPN_PASSPHRASE" };
  try {
    await secrets.probeKeychain();
    return { status: "ok", detail: "the system's keychain works, and will be used" };
  } catch (error) {
    const why = error instanceof FailureError ? error.message : messageOf(error);
    const code = error instanceof FailureError ? error.code : "keychain_unavailable";
    const detail = `${why.replace(/\.$/, "")}; the first start will keep the secret key in a plain file`;
    return { status: "warn", detail, fix: `${fixFor(code, platform)} Or set GOVPN_PASSPHRASE for an encrypted file.` };
  }
}

export const identityCheck: Check<SecretsContext> = {
  id: "identity",
  title: "Identity",
  withinMs: KEYCHAIN_CHECK_WITHIN_MS,
  async run({ secrets, platform }) {
    const kind = await secrets.kind();
    if (!kind.ok || kind.value === undefined) {
      return { status: "skip", detail: kind.ok ? "will be made at the first start" : "the secret store is not known" };
    }
    const opened = await secrets.open();
    if (!opened.ok) return { status: "skip", detail: "the secret store cannot be opened" };
    const key = await storedPublicKey(opened.value.store);
    if (!key.ok) return storeFailure(key.error, platform);
    if (!key.value)
      return { status: "fail", detail: "missing from the store", fix: fixFor("identity_missing", platform) };
    const { ipv4, ipv6 } = deriveAddress(key.value);
    return { status: "ok", detail: `${ipv4}, ${ipv6}` };
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
      return {
        status: "skip",
        detail: opened || !kind.ok ? "the secret store cannot be opened" : "nothing is kept yet",
      };
    }
    const { dir, documents, unopenable, setAside } = await secrets.vault(opened.value.store);
    if (unopenable.length > 0) {
      return {
        status: "fail",
        detail: `cannot be opened: ${unopenable.join(", ")}`,
        fix: "The next start sets it aside and goes on without it. If there is a backup of the profile's folder and of its secret store, restore both first.",
      };
    }
    if (setAside.length > 0) {
      return {
        status: "warn",
        detail: `damaged, and set aside: ${setAside.join(", ")}`,
        fix: `Enter your rooms again, with their ids and PINs or an invitation; then delete what was set aside from ${dir}.`,
      };
    }
    return { status: "ok", detail: documents.length > 0 ? `${documents.join(", ")}: all open` : "nothing is kept yet" };
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

function storeFailure({ code, message }: Failure, platform: NodeJS.Platform): CheckResult {
  // Not being told the passphrase is no defect of the machine; the store itself may be fine.
  const status = code === "passphrase_needed" ? "warn" : "fail";
  return { status, detail: message, fix: fixFor(code, platform) };
}

function plainFileFix(platform: NodeJS.Platform): string {
  const keychain =
    platform === "linux"
      ? "If this machine has a desktop, install gnome-keyring or KWallet and run: govpn identity move --to keychain."
      : "Run: govpn identity move --to keychain.";
  return `${keychain} Otherwise seal the file under a passphrase: govpn identity move --to sealed.`;
}

function fixFor(code: string, platform: NodeJS.Platform): string {
  switch (code) {
    case "keychain_locked":
      return platform === "linux"
        ? "Unlock the keyring by logging in to the desktop, or with seahorse, and try again."
        : "Unlock the keychain by logging in to the desktop, and try again.";
    case "keychain_unavailable":
      return platform === "linux"
        ? "Run GoVPN inside a desktop session with gnome-keyring or KWallet (over ssh there is none)."
        : "Log in to the desktop as this user, so that its keychain is there.";
    case "passphrase_needed":
      return "Put the passphrase into GOVPN_PASSPHRASE and run govpn doctor again.";
    case "wrong_passphrase":
      return "Put the right passphrase into GOVPN_PASSPHRASE. If it is lost, import an exported identity into a new --profile DIR.";
    case "unsafe_permissions":
      return "Run the chmod named above. If others have used this machine meanwhile, they may have the key: make a new --profile.";
    case "unsafe_owner":
      return "Run GoVPN as the user who owns the file, or give the file to yourself with sudo chown.";
    case "secrets_missing":
    case "identity_missing":
    case "identity_corrupt":
      return "Import an exported identity with govpn identity import FILE --replace, or start anew with another --profile DIR.";
    case "secret_store_unknown":
      return "Restore secret-store.json in the profile's folder from a backup. If the keychain was never used here, delete it.";
    default:
      return "Restore the file from a backup, or import an exported identity into another --profile DIR.";
  }
}
