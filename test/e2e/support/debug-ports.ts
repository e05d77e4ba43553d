/** What Node and Chromium print when one may debug them, and what playwright waits for. */
const LISTENING = /^(Debugger|DevTools) listening on ws:\/\/127\.0\.0\.1:(?<port>\d+)\//;

/** The port on which this line says that a debugger listens. */
export function debugPortIn(line: string): number | undefined {
  const port = LISTENING.exec(line)?.groups?.port;
  return port === undefined ? undefined : Number(port);
}

/** The same line, with another port. */
export function withDebugPort(line: string, port: number): string {
  return line.replace(/:\d+\//, `:${port}/`);
}
