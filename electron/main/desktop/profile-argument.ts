const NAME = "--profile";

/** The folder of `--profile DIR` or `--profile=DIR`: another person's, or a second one to try things with. */
export function profileAmong(argv: readonly string[]): string | undefined {
  for (const [n, argument] of argv.entries()) {
    if (argument.startsWith(`${NAME}=`)) return argument.slice(NAME.length + 1) || undefined;
    if (argument === NAME) return argv[n + 1];
  }
  return undefined;
}
