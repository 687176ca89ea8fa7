/** Commands that work for long and keep what they have finished. @module */

import { oneLine } from "./runner.ts";

/**
 * Runs a command and exits with its code: 130 where Ctrl-C stopped it after the picture in hand, or, pressed
 * twice, at once; 1, and one line that says why, where it failed.
 *
 * @param work The command; it leaves its work by throwing once the signal is given.
 * @param interrupted What the user should know after Ctrl-C.
 */
export async function runInterruptible(
  work: (signal: AbortSignal) => Promise<number>,
  interrupted: string,
): Promise<never> {
  const stop = new AbortController();
  Deno.addSignalListener("SIGINT", () => {
    if (stop.signal.aborted) Deno.exit(130); // asked twice: what is written is whole
    console.error("Stopping after this picture; press Ctrl-C again to stop at once");
    stop.abort();
  });
  try {
    Deno.exit(await work(stop.signal));
  } catch (error) {
    console.error(stop.signal.aborted ? interrupted : oneLine(error));
    Deno.exit(stop.signal.aborted ? 130 : 1);
  }
}
