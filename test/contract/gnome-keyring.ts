import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";

/** A D-Bus session with nothing on the screen and a real gnome-keyring on it, in a home of its own. */
export interface KeyringSession {
  /** For DBUS_SESSION_BUS_ADDRESS. */
  readonly busAddress: string;
  unlock(): Promise<void>;
  /** Locks it as a screen saver or a log-out would; nobody is there to unlock it when asked. */
  lock(): Promise<void>;
  stop(): Promise<void>;
}

const KEYRING_PASSWORD = "a keyring password";
const LOCK_CALL = [
  "--session",
  "--print-reply",
  "--dest=org.freedesktop.secrets",
  "/org/freedesktop/secrets",
  "org.freedesktop.Secret.Service.Lock",
  "array:objpath:/org/freedesktop/secrets/collection/login",
];

/** Why no real keyring can be had here, or undefined when it can; as root on Debian what is missing gets installed. */
export function keyringMissing(): string | undefined {
  if (process.platform !== "linux") return "a Secret Service is a Linux thing";
  const isThere = () =>
    ["gnome-keyring-daemon", "dbus-run-session", "dbus-send"].every((name) => existsSync(join("/usr/bin", name)));
  if (isThere()) return undefined;
  if (process.getuid?.() !== 0) return "gnome-keyring and dbus are not installed, and only root can install them";
  try {
    const env = { ...process.env, DEBIAN_FRONTEND: "noninteractive" };
    execFileSync("apt-get", ["update", "-qq"], { env, stdio: "ignore", timeout: 120_000 });
    const packages = ["gnome-keyring", "dbus-x11", "dbus-daemon", "dbus-bin"];
    const args = ["install", "-y", "-qq", "--no-install-recommends", ...packages];
    execFileSync("apt-get", args, { env, stdio: "ignore", timeout: 240_000 });
  } catch {
    return "gnome-keyring and dbus could not be installed with apt-get";
  }
  return isThere() ? undefined : "gnome-keyring and dbus are not where they are expected";
}

export async function startKeyringSession(): Promise<KeyringSession> {
  const home = mkdtempSync(join(tmpdir(), "govpn-keyring-"));
  const { DISPLAY: _x11, WAYLAND_DISPLAY: _wayland, ...inherited } = process.env;
  const env = { ...inherited, HOME: home, XDG_RUNTIME_DIR: home, XDG_DATA_HOME: join(home, "data") };
  // `cat` ends when its input does, the session with it, and the keyring when its bus is gone.
  const script = 'echo "$DBUS_SESSION_BUS_ADDRESS"; cat >/dev/null';
  const session = spawn("dbus-run-session", ["--", "sh", "-c", script], { env, stdio: ["pipe", "pipe", "ignore"] });
  const [busAddress] = (await once(createInterface(session.stdout), "line")) as [string];
  const inSession = { ...env, DBUS_SESSION_BUS_ADDRESS: busAddress };
  const keyring: KeyringSession = {
    busAddress,
    async unlock() {
      const daemon = spawn("gnome-keyring-daemon", ["--replace", "--unlock", "--components=secrets"], {
        env: inSession,
        stdio: ["pipe", "ignore", "ignore"],
      });
      daemon.stdin.end(KEYRING_PASSWORD);
      await once(daemon, "exit");
    },
    async lock() {
      execFileSync("dbus-send", LOCK_CALL, { env: inSession, stdio: "ignore" });
    },
    async stop() {
      const ended = once(session, "exit");
      session.stdin.end();
      await ended;
      rmSync(home, { recursive: true, force: true, maxRetries: 5, retryDelay: 50 });
    },
  };
  await keyring.unlock();
  return keyring;
}
