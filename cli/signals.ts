/** Signals that ask a command to end. @module */

/** Milliseconds that the work has to end by itself after a signal; encoding a large image takes longer. */
const GRACE = 500;

/**
 * The first signal stops the work, and ends the process if that takes too long; the second ends it at once. A hang-up of
 * the terminal counts as such a signal, except under nohup.
 *
 * @param stop Asks the work to end.
 * @param exit Ends the process.
 */
export function watchSignals(stop: () => void, exit: () => void): void {
  const names: Deno.Signal[] = Deno.build.os === "windows"
    ? ["SIGINT", "SIGBREAK"]
    : ["SIGINT", "SIGTERM", "SIGHUP"];
  const canHangUp = hasTerminal(); // asked now, since it is false once the terminal has hung up
  let stopped = false;
  for (const name of names) {
    Deno.addSignalListener(name, () => {
      if (name === "SIGHUP" && !canHangUp) return;
      if (stopped) return exit();
      stopped = true;
      stop();
      setTimeout(exit, GRACE);
    });
  }
}

/** Whether a terminal can hang up. Under nohup there is none: it also ignores the signal, but Deno undoes that. */
function hasTerminal(): boolean {
  return [Deno.stdin, Deno.stdout, Deno.stderr].some((stream) => stream.isTerminal());
}
