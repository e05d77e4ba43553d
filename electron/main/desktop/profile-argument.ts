import { resolve } from "node:path";

const NAME = "--profile";

/**
 * The folder of `--profile DIR` or `--profile=DIR`: another person's, or a second one to try things with. As an absolute
 * path, for Electron takes no other.
 */
export function profileAmong(argv: readonly string[]): string | undefined {
  const at = argv.findIndex((argument) => argument === NAME || argument.startsWith(`${NAME}=`));
  const folder = argv[at] === NAME ? argv[at + 1] : argv[at]?.slice(NAME.length + 1);
  return folder ? resolve(folder) : undefined;
}
