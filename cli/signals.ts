/** Signals that ask a command to end. @module */

/** Milliseconds after a signal in which the work may end by itself; encoding a large image does not. */
const GRACE = 500;

/**
 * The first signal stops the work, and ends the process if that takes too long; the second ends it at once. A terminal that
 * hangs up is such a signal, except under nohup.
 *
 * @param stop Asks the work to end.
 * @param exit Ends the process.
 */
export function watchSignals(stop: () => void, exit: () => void): void {
  const names: Deno.Signal[] = Deno.build.os === "windows"
    ? ["SIGINT", "SIGBREAK"]
    : ["SIGINT", "SIGTERM", "SIGHUP"];
  const canHangUp = hasTerminal(); // asked now: a terminal that has hung up is none
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

/** Whether there is a terminal that can hang up. nohup takes it away, and ignores the signal, but Deno undoes that. */
function hasTerminal(): boolean {
  return [Deno.stdin, Deno.stdout, Deno.stderr].some((stream) => stream.isTerminal());
}
