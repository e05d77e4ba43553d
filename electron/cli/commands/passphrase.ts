import { readFile } from "node:fs/promises";
import { fail, messageOf, ok, type Result } from "../../../shared/base/result.ts";

/** Where a command hears a passphrase. Never an argument: those show in every process list and in the shell's history. */
export interface PassphrasePorts {
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Asks at the terminal without showing what is typed; undefined when nobody can be asked. */
  askHidden(question: string): Promise<string | undefined>;
}

export interface PassphraseSource {
  /** A file given on the command line. Its first line is the passphrase. */
  readonly file: string | undefined;
  /** The environment variable that is looked at next. */
  readonly variable: string;
  /** What is asked at the terminal last. */
  readonly question: string;
  /** Ask twice: a new passphrase with a typing error in it would lock its owner out. */
  readonly isNew: boolean;
}

/** The passphrase from a file, the environment or the terminal, in this order. */
export async function readPassphrase(source: PassphraseSource, ports: PassphrasePorts): Promise<Result<string>> {
  if (source.file !== undefined) return readPassphraseFile(source.file);
  const fromEnvironment = ports.env[source.variable];
  if (fromEnvironment) return ok(fromEnvironment);
  const typed = await ports.askHidden(`${source.question}: `);
  if (typed === undefined) {
    return fail("passphrase_needed", `No passphrase: set ${source.variable}, name a file, or run this at a terminal.`);
  }
  if (source.isNew && (await ports.askHidden("Again: ")) !== typed) {
    return fail("passphrases_differ", "The two passphrases differ.");
  }
  return ok(typed);
}

async function readPassphraseFile(file: string): Promise<Result<string>> {
  try {
    const [line = ""] = (await readFile(file, "utf8")).split(/\r?\n/);
    return line === "" ? fail("passphrase_needed", `The first line of ${file} is empty.`) : ok(line);
  } catch (error) {
    return fail("passphrase_needed", `The passphrase file cannot be read: ${messageOf(error)}.`);
  }
}

/** The part of a terminal that a hidden question takes. */
export interface Terminal {
  readonly input: NodeJS.ReadableStream & { readonly isTTY?: boolean; setRawMode?(isRaw: boolean): unknown };
  readonly output: { write(text: string): unknown };
}

const ENTER = /[\r\n]/;
const CTRL_C = "\u0003";
const CTRL_D = "\u0004";
const CTRL_U = "\u0015";
const BACKSPACE = /[\u007f\b]/;

/** Asks on the terminal, echoing nothing. Undefined when the input is no terminal, or at Ctrl+C or Ctrl+D. */
export function askHidden(
  question: string,
  { input, output }: Terminal = { input: process.stdin, output: process.stderr },
): Promise<string | undefined> {
  if (!input.isTTY || !input.setRawMode) return Promise.resolve(undefined);
  output.write(question);
  input.setRawMode(true);
  input.setEncoding("utf8");
  return new Promise((resolve) => {
    let typed: string[] = [];
    const finish = (answer: string | undefined) => {
      input.off("data", onData);
      input.setRawMode?.(false);
      input.pause();
      output.write("\n");
      resolve(answer);
    };
    // Several characters come at once when a passphrase is pasted.
    const onData = (text: string | Buffer) => {
      for (const character of String(text)) {
        if (ENTER.test(character)) return finish(typed.join(""));
        if (character === CTRL_C || character === CTRL_D) return finish(undefined);
        if (character === CTRL_U) typed = [];
        else if (BACKSPACE.test(character)) typed.pop();
        else typed.push(character);
      }
    };
    input.on("data", onData);
    input.resume();
  });
}
