/** Signals that ask a command to end. @module */

/** Milliseconds after a signal in which the work may end by itself; encoding a large image does not. */
const GRACE = 500;

/**
 * The first signal stops the work, and ends the process if that takes too long; the second ends it at once.
 *
 * @param stop Asks the work to end.
 * @param exit Ends the process.
 */
export function watchSignals(stop: () => void, exit: () => void): void {
  const names: Deno.Signal[] = Deno.build.os === "windows"
    ? ["SIGINT", "SIGBREAK"]
    : ["SIGINT", "SIGTERM", "SIGHUP"];
  let stopped = false;
  for (const name of names) {
    Deno.addSignalListener(name, () => {
      if (stopped) return exit();
      stopped = true;
      stop();
      setTimeout(exit, GRACE);
    });
  }
}
