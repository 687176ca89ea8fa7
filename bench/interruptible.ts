/** Long-running commands that keep what they have finished. @module */

import { oneLine } from "./runner.ts";

/**
 * Runs a command and exits with its code. Ctrl-C stops it after the current image, a second Ctrl-C at once; both
 * exit with 130. If it fails, prints the error in one line and exits with 1.
 *
 * @param work The command; it throws once the signal is aborted.
 * @param interrupted What the user should know after Ctrl-C.
 */
export async function runInterruptible(
  work: (signal: AbortSignal) => Promise<number>,
  interrupted: string,
): Promise<never> {
  const stop = new AbortController();
  Deno.addSignalListener("SIGINT", () => {
    if (stop.signal.aborted) Deno.exit(130); // asked twice: all written files are complete
    console.error("Stopping after this image; press Ctrl-C again to stop at once");
    stop.abort();
  });
  try {
    Deno.exit(await work(stop.signal));
  } catch (error) {
    console.error(stop.signal.aborted ? interrupted : oneLine(error));
    Deno.exit(stop.signal.aborted ? 130 : 1);
  }
}
