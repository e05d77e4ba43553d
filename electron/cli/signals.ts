const ENDING = ["SIGINT", "SIGTERM", "SIGHUP"] as const;

/**
 * Resolves at the first SIGINT, SIGTERM or SIGHUP from now on, so that the program ends in order. A second one has its
 * default again: it ends the program at once.
 */
export function askedToEnd(): Promise<void> {
  return new Promise((resolve) => {
    const end = () => {
      for (const signal of ENDING) process.off(signal, end);
      resolve();
    };
    for (const signal of ENDING) process.on(signal, end);
  });
}

/**
 * Whoever read the output has gone (`govpn status | head -1`). A command is done then; a program that runs until it is
 * told to stop takes it as that. Without this, Node ends with a stack trace.
 */
export function endWithReader(): void {
  process.stdout.on("error", () => {
    if (process.listenerCount("SIGTERM") > 0) process.emit("SIGTERM");
    else process.exit();
  });
  // There is nowhere left to complain to.
  process.stderr.on("error", () => {});
}
