/**
 * How the next command is to be typed, for hints: `govpn`, or in a checkout `npm run -s govpn --`, with the profile if
 * it is not the default one.
 */
export function invocation(profile?: string, env: Readonly<Record<string, string | undefined>> = process.env): string {
  const program = /^(start|govpn)$/.test(env.npm_lifecycle_event ?? "") ? "npm run -s govpn --" : "govpn";
  return profile === undefined ? program : `${program} --profile ${quoted(profile)}`;
}

/** An argument as it is typed in a POSIX shell. */
export function quoted(argument: string): string {
  return /^[\w./:@%+=,-]+$/.test(argument) ? argument : `'${argument.replaceAll("'", `'\\''`)}'`;
}
