/** What must be undone however this process ends: by itself, by an exception, by a signal. */

const undoings = new Set<() => void>();
let watching = false;

/**
 * @param undo synchronous: a process that exits waits for nothing
 * @returns forgets it again
 */
export function atExit(undo: () => void): () => void {
  watch();
  undoings.add(undo);
  return () => void undoings.delete(undo);
}

function watch(): void {
  if (watching) return;
  watching = true;
  // `exit` also follows an uncaught exception; a signal has to be turned into an exit first.
  process.on("exit", undoAll);
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
    process.once(signal, () => {
      undoAll();
      process.kill(process.pid, signal);
    });
  }
}

function undoAll(): void {
  for (const undo of [...undoings].reverse()) undo();
  undoings.clear();
}
