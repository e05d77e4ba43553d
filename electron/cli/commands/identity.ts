import { readFile, writeFile } from "node:fs/promises";
import { Command, Option } from "commander";
import type { PublicKey } from "../../../shared/base/brand.ts";
import { type Failure, fail, messageOf, ok, type Result } from "../../../shared/base/result.ts";
import { deriveAddress } from "../../../shared/identity/address.ts";
import { systemClock } from "../../adapters/clock.ts";
import { openProfile, type Profile } from "../../adapters/profile/profile.ts";
import { secureRandom } from "../../adapters/random.ts";
import { type MoveSecretsOptions, moveSecrets } from "../../adapters/secrets/move.ts";
import { type Keychain, type OpenedSecretStore, openSecretStore, storeName } from "../../adapters/secrets/open.ts";
import { findSecrets } from "../../adapters/secrets/whereabouts.ts";
import { createVault } from "../../adapters/vault/vault.ts";
import { leaveToAnother } from "../../main/app/succession.ts";
import { exportIdentity, type ImportedIdentity, importIdentity } from "../../main/identity/backup.ts";
import { storedPublicKey } from "../../main/identity/identity.ts";
import { createOutput, EXIT_DONE, EXIT_FAILED, type Output } from "../output.ts";
import { table } from "../text.ts";
import { inWords } from "../words.ts";
import { askHidden, type PassphrasePorts, readPassphrase } from "./passphrase.ts";

/** What the commands need of the world; a test passes its own. */
export interface IdentityPorts extends PassphrasePorts {
  createOutput(json: boolean): Output;
  exit(status: number): void;
  readInput(): Promise<string>;
  readonly keychain?: Keychain;
  /** scrypt's cost as a power of two. */
  readonly log2N?: number;
}

interface IdentityOptions {
  readonly profile?: string;
  readonly json?: boolean;
  readonly passphraseFile?: string;
  readonly storePassphraseFile?: string;
  readonly newPassphraseFile?: string;
  readonly out?: string;
  readonly replace?: boolean;
  readonly to?: MoveSecretsOptions["to"];
}

/** One run of a subcommand: its options, and what it needs. */
interface Run {
  readonly options: IdentityOptions;
  readonly output: Output;
  readonly ports: IdentityPorts;
}

const STORE_VARIABLE = "GOVPN_PASSPHRASE";
const NEW_STORE_VARIABLE = "GOVPN_NEW_PASSPHRASE";

const systemPorts: IdentityPorts = {
  env: process.env,
  askHidden,
  createOutput,
  exit: (status) => {
    process.exitCode = status;
  },
  readInput: async () => {
    const chunks: Buffer[] = [];
    for await (const chunk of process.stdin) chunks.push(chunk);
    return Buffer.concat(chunks).toString("utf8");
  },
};

/** `govpn identity show|export|import|move`. */
export function identityCommand(ports: IdentityPorts = systemPorts): Command {
  const action = (work: (run: Run, argument: string) => Promise<Result<void>>) => {
    return async (...parameters: unknown[]) => {
      const self = parameters.at(-1) as Command;
      const options = self.optsWithGlobals<IdentityOptions>();
      const output = ports.createOutput(options.json ?? false);
      const done = await work({ options, output, ports }, self.args[0] ?? "");
      if (!done.ok) output.complain(done.error.code, words(done.error));
      ports.exit(done.ok ? EXIT_DONE : EXIT_FAILED);
    };
  };
  const identity = new Command("identity").description("show, back up, restore or move this machine's identity");
  identity
    .command("show")
    .description("print the public key, the addresses and where the secret key is kept")
    .option("--passphrase-file <file>", "passphrase of the store, if it is sealed")
    .action(action(show));
  identity
    .command("export")
    .description("print the identity as text, sealed under a passphrase, to keep or to take to another machine")
    .option("--passphrase-file <file>", "file whose first line is the passphrase to seal it under")
    .option("--store-passphrase-file <file>", "passphrase of the store, if it is sealed")
    .option("--out <file>", "write to a new file that only you can read, instead of printing")
    .action(action(exportCommand));
  identity
    .command("import")
    .description("take over an exported identity")
    .argument("<file>", "the exported text; - reads it from standard input")
    .option("--passphrase-file <file>", "file whose first line is the passphrase that it is sealed under")
    .option("--store-passphrase-file <file>", "passphrase of the store, if it is sealed")
    .option("--replace", "even if this profile has another identity; the old one is kept in the store")
    .action(action(importCommand));
  identity
    .command("move")
    .description("move the secret key to another store, or change the passphrase of a sealed one")
    .addOption(new Option("--to <store>", "where to").choices(["keychain", "file", "sealed"]).makeOptionMandatory())
    .option("--passphrase-file <file>", "passphrase of the store in use, if it is sealed")
    .option("--new-passphrase-file <file>", "passphrase to seal under, for --to sealed")
    .action(action(moveCommand));
  return identity.addHelpText(
    "after",
    `
Examples:
  govpn identity export --out identity.txt          asks for a passphrase
  govpn identity import identity.txt                on the other machine
  govpn identity move --to sealed                   encrypt the secret key under a passphrase

Where no --passphrase-file is given, GOVPN_PASSPHRASE is used (${NEW_STORE_VARIABLE} for a new one), and then you are asked.`,
  );
}

async function show({ options, output, ports }: Run): Promise<Result<void>> {
  const opened = await openStore(options, options.passphraseFile, ports);
  if (!opened.ok) return opened;
  const key = await storedPublicKey(opened.value.store);
  if (!key.ok) return key;
  if (!key.value) return fail("no_identity", "This profile has no identity yet.");
  describe(output, "identity", key.value, { store: opened.value.store.kind });
  if (opened.value.warning) remark(output, `Note: ${opened.value.warning.message}`);
  return ok(undefined);
}

async function exportCommand({ options, output, ports }: Run): Promise<Result<void>> {
  const opened = await openStore(options, options.storePassphraseFile, ports);
  if (!opened.ok) return opened;
  // Before a passphrase is asked for in vain.
  const key = await storedPublicKey(opened.value.store);
  if (!key.ok) return key;
  if (!key.value) return fail("no_identity", "This profile has no identity yet.");
  const question = "Passphrase to seal the exported identity under";
  const source = { file: options.passphraseFile, variable: STORE_VARIABLE, question, isNew: true };
  const passphrase = await readPassphrase(source, ports);
  if (!passphrase.ok) return passphrase;
  const cost = ports.log2N === undefined ? {} : { log2N: ports.log2N };
  const text = await exportIdentity(opened.value.store, passphrase.value, { random: secureRandom, ...cost });
  if (!text.ok) return text;
  return options.out === undefined
    ? printExport(output, key.value, text.value)
    : writeExport(output, key.value, text.value, options.out);
}

function printExport(output: Output, publicKey: PublicKey, text: string): Result<void> {
  output.emit({ event: "exported", publicKey, text });
  for (const line of text.trimEnd().split("\n")) output.say(line);
  return ok(undefined);
}

async function writeExport(output: Output, publicKey: PublicKey, text: string, file: string): Promise<Result<void>> {
  try {
    // "wx": an older export is not overwritten, and the mode of a new file holds from its first byte.
    await writeFile(file, text, { flag: "wx", mode: 0o600 });
  } catch (error) {
    return fail("export_not_written", `The export was not written: ${messageOf(error)}.`);
  }
  output.emit({ event: "exported", publicKey, file });
  output.say(`The identity ${publicKey} is in ${file}, sealed. Keep the passphrase elsewhere.`);
  return ok(undefined);
}

async function importCommand({ options, output, ports }: Run, file: string): Promise<Result<void>> {
  const text = await readExport(file, ports);
  if (!text.ok) return text;
  const question = "Passphrase of the exported identity";
  const source = { file: options.passphraseFile, variable: STORE_VARIABLE, question, isNew: false };
  const passphrase = await readPassphrase(source, ports);
  if (!passphrase.ok) return passphrase;
  return locked(options.profile, async (profile) => {
    const opened = await openStoreIn(profile, options.storePassphraseFile, ports, true);
    if (!opened.ok) return opened;
    const replace = options.replace ?? false;
    const imported = await importIdentity(opened.value.store, text.value, passphrase.value, {
      replace,
      clock: systemClock,
    });
    if (!imported.ok) return imported;
    if (imported.value.replaced) {
      const vault = createVault({ profileDir: profile.dir, secrets: opened.value.store, random: secureRandom });
      const forgotten = await leaveToAnother(vault);
      if (!forgotten.ok) return forgotten;
    }
    reportImport(output, imported.value, opened.value);
    return ok(undefined);
  });
}

function reportImport(
  output: Output,
  { publicKey, changed, replaced }: ImportedIdentity,
  opened: OpenedSecretStore,
): void {
  const more = { changed, store: opened.store.kind, ...(replaced ? { replaced } : {}) };
  if (!changed) output.say("This profile had this identity already.");
  describe(output, "imported", publicKey, more);
  if (replaced) remark(output, `The identity ${replaced} was replaced; its key is kept in the same store.`);
  if (opened.warning) remark(output, `Note: ${opened.warning.message}`);
}

async function moveCommand({ options, output, ports }: Run): Promise<Result<void>> {
  const { to } = options;
  if (!to) return fail("usage", "Say where to: --to keychain, file or sealed.");
  return locked(options.profile, async (profile) => {
    const passphrase = await storePassphrase(profile, options.passphraseFile, ports);
    if (!passphrase.ok) return passphrase;
    const isSealed = passphrase.value !== undefined;
    const newPassphrase = to === "sealed" ? await passphraseToSealUnder(options, isSealed, ports) : ok(undefined);
    if (!newPassphrase.ok) return newPassphrase;
    const moved = await moveSecrets({
      profileDir: profile.dir,
      to,
      ...(passphrase.value === undefined ? {} : { passphrase: passphrase.value }),
      ...(newPassphrase.value === undefined ? {} : { newPassphrase: newPassphrase.value }),
      ...storePorts(ports),
    });
    if (!moved.ok) return moved;
    output.emit({ event: "moved", ...moved.value });
    const { from, to: kind } = moved.value;
    output.say(
      from === kind
        ? "Sealed under the new passphrase."
        : `Moved from the ${storeName(from)} to the ${storeName(kind)}.`,
    );
    return ok(undefined);
  });
}

/** GOVPN_PASSPHRASE is the new one only where it cannot be the old one's. */
function passphraseToSealUnder(
  { newPassphraseFile, passphraseFile }: IdentityOptions,
  isSealed: boolean,
  ports: IdentityPorts,
): Promise<Result<string>> {
  const question = "New passphrase to seal the secret key under";
  const variable = isSealed || ports.env[NEW_STORE_VARIABLE] ? NEW_STORE_VARIABLE : STORE_VARIABLE;
  const file = newPassphraseFile ?? (isSealed ? undefined : passphraseFile);
  return readPassphrase({ file, variable, question, isNew: true }, ports);
}

async function openStore(
  options: IdentityOptions,
  passphraseFile: string | undefined,
  ports: IdentityPorts,
): Promise<Result<OpenedSecretStore>> {
  const profile = await openProfile(options.profile);
  if (!profile.ok) return profile;
  const found = await findSecrets(profile.value.dir);
  if (!found.ok) return found;
  if (!found.value) return fail("no_identity", "This profile has no identity yet.");
  return openStoreIn(profile.value, passphraseFile, ports, false);
}

async function openStoreIn(
  profile: Profile,
  passphraseFile: string | undefined,
  ports: IdentityPorts,
  allowMissing: boolean,
): Promise<Result<OpenedSecretStore>> {
  const passphrase = await storePassphrase(profile, passphraseFile, ports);
  if (!passphrase.ok) return passphrase;
  const given = passphrase.value === undefined ? {} : { passphrase: passphrase.value };
  return openSecretStore({ profileDir: profile.dir, allowMissing, ...given, ...storePorts(ports) });
}

/** Asked for only where the store in use is sealed; for a new profile, what the environment says. */
async function storePassphrase(
  profile: Profile,
  file: string | undefined,
  ports: IdentityPorts,
): Promise<Result<string | undefined>> {
  const found = await findSecrets(profile.dir);
  if (!found.ok) return found;
  if (found.value === undefined && file === undefined) return ok(ports.env[STORE_VARIABLE] || undefined);
  if (found.value !== undefined && found.value.store !== "sealed-file") return ok(undefined);
  const question = "Passphrase of this profile's secret store";
  return readPassphrase({ file, variable: STORE_VARIABLE, question, isNew: found.value === undefined }, ports);
}

function storePorts({ keychain, log2N }: IdentityPorts) {
  return { ...(keychain ? { keychain } : {}), ...(log2N === undefined ? {} : { log2N }) };
}

/** Changes are made while no `up` runs on the profile: it would go on with the old key. */
async function locked(
  dir: string | undefined,
  work: (profile: Profile) => Promise<Result<void>>,
): Promise<Result<void>> {
  const profile = await openProfile(dir);
  if (!profile.ok) return profile;
  const lock = await profile.value.lock();
  if (!lock.ok) return lock;
  try {
    return await work(profile.value);
  } finally {
    await lock.value.release();
  }
}

async function readExport(file: string, ports: IdentityPorts): Promise<Result<string>> {
  try {
    return ok(file === "-" ? await ports.readInput() : await readFile(file, "utf8"));
  } catch (error) {
    return fail("export_not_read", `The export cannot be read: ${messageOf(error)}.`);
  }
}

function remark(output: Output, sentence: string): void {
  output.say();
  output.say(sentence);
}

function describe(output: Output, event: string, publicKey: PublicKey, more: object): void {
  const { ipv4, ipv6 } = deriveAddress(publicKey);
  output.emit({ event, publicKey, ipv4, ipv6, ...more });
  const store = "store" in more ? [["Kept in", String(more.store)]] : [];
  for (const line of table([["Public key", publicKey], ["Addresses", `${ipv4}, ${ipv6}`], ...store])) output.say(line);
}

/** What to do next, where the command line's general words do not fit these commands. */
const ownWords: Readonly<Record<string, string>> = {
  no_identity: "This profile has no identity yet. It is made by the first: govpn up",
  identity_exists:
    "This profile has another identity already. To take over the imported one, say --replace; the old one is kept in the store.",
  not_an_export: "That is not an exported identity. Export one with: govpn identity export --out FILE",
  profile_in_use: "GoVPN is running for this profile. Stop it first: govpn down",
  wrong_passphrase: "The passphrase is wrong.",
  nothing_to_move: "This profile has no secrets yet. The first govpn up makes them.",
};

function words(failure: Failure): string {
  return ownWords[failure.code] ?? (failure.code === "passphrase_needed" ? failure.message : inWords(failure));
}
