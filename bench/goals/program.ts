/** The command line in a process of its own, watched. @module */

import type { Event } from "../../cli/events.ts";
import { peakOf } from "../../tools/memory.ts";

/** An event, with the milliseconds since the program was started, and the peak of its memory in bytes so far, on Linux. */
type Seen = Event & { at: number; peak: number };

/** What a run of the program reported. */
export interface Watched {
  /** Its events. */
  readonly events: readonly Seen[];
  /** Largest resident memory in bytes; only on Linux. */
  readonly peak: number;
  /** Milliseconds from start to end. */
  readonly took: number;
}

const upscale = new URL("../../cli/upscale.ts", import.meta.url).pathname;

/**
 * Runs `cli/upscale.ts` with `--json`.
 *
 * @throws {Error} If it fails; the message is the last line that it printed.
 */
export async function watched(args: readonly string[], signal: AbortSignal): Promise<Watched> {
  const start = performance.now();
  const child = new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", "-q", upscale, "--json", "--again", ...args],
    stdout: "piped",
    stderr: "piped",
    signal,
  }).spawn();
  const memory = watchMemory(child.pid);
  const errors = new Response(child.stderr).text();
  const events: Seen[] = [];
  const lines = child.stdout.pipeThrough(new TextDecoderStream());
  let rest = "";
  for await (const piece of lines) {
    const parts = (rest + piece).split("\n");
    rest = parts.pop()!;
    const at = performance.now() - start;
    const peak = peakOf(child.pid);
    for (const line of parts) events.push({ ...JSON.parse(line), at, peak });
  }
  const { success } = await child.status;
  const peak = memory.end();
  const failed = events.find(({ event }) => event === "error") as { message?: string } | undefined;
  if (success) return { events, peak, took: performance.now() - start };
  throw new Error(
    `Cannot measure ${args.join(" ")}: ${
      failed?.message ?? (await errors).trim().split("\n").at(-1)
    }`,
  );
}

/** Milliseconds between two readings of the memory, of which the system keeps the peak. */
const PAUSE = 50;

function watchMemory(pid: number): { end(): number } {
  let peak = 0;
  const timer = setInterval(() => peak = Math.max(peak, peakOf(pid)), PAUSE);
  return {
    end() {
      clearInterval(timer);
      return peak;
    },
  };
}
