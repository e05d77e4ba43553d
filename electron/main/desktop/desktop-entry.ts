/** Desktop Entry Specification 1.5: the file by which a Linux desktop starts a program at login. */
export function autostartEntry(command: readonly string[]): string {
  return [
    "[Desktop Entry]",
    "Type=Application",
    "Name=GoVPN",
    "Comment=Private networks between people's machines",
    `Exec=${execLine(command)}`,
    "Icon=govpn-desktop",
    "Terminal=false",
    "Categories=Network;",
    "X-GNOME-Autostart-enabled=true",
    "",
  ].join("\n");
}

/** What an argument may hold without quotes: the specification's reserved characters are all outside of this. */
const PLAIN = /^[A-Za-z0-9@%+=:,./_-]+$/;

/**
 * The value of `Exec`: each argument in double quotes where it needs them, with `"`, backtick, `$` and backslash escaped
 * inside; a percent sign doubled, for it would begin a field code; then all backslashes doubled once more, because the
 * value is a string, which is unescaped first.
 * @throws RangeError for a control character, which no entry can hold.
 */
export function execLine(command: readonly string[]): string {
  return command.map((argument) => stringValue(execArgument(argument))).join(" ");
}

function execArgument(argument: string): string {
  const doubled = argument.replaceAll("%", "%%");
  return PLAIN.test(argument) ? doubled : `"${doubled.replace(/["`$\\]/g, "\\$&")}"`;
}

function stringValue(text: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
  if (/[\u0000-\u001f\u007f]/.test(text))
    throw new RangeError("a path with a control character cannot be started at login");
  return text.replaceAll("\\", "\\\\");
}
