/** Speed and memory of one method, in a process of its own. @module */

import type { SpeedRequest } from "./child.ts";
import type { SpeedFigures } from "./row.ts";

/** Milliseconds after which a child process is ended. */
const LIMIT = 600_000;

/**
 * Measures an entry at one size on one provider, or a baseline.
 *
 * @throws {Error} If the process fails or takes over 10 minutes; the message holds its error line.
 */
export async function measureSpeed(
  request: SpeedRequest,
  signal: AbortSignal,
): Promise<SpeedFigures> {
  const child = new URL("./child.ts", import.meta.url).pathname;
  const process = new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", "-q", child, JSON.stringify(request)],
    stdout: "piped",
    stderr: "piped",
    env: { NO_COLOR: "1" },
    signal: AbortSignal.any([signal, AbortSignal.timeout(LIMIT)]),
  });
  const { success, stdout, stderr, signal: ended } = await process.output();
  signal.throwIfAborted();
  if (ended) throw new Error(`Cannot time ${request.method}: it took over ${LIMIT / 1000} s`);
  const lines = (bytes: Uint8Array) => new TextDecoder().decode(bytes).trim().split("\n");
  if (success) return JSON.parse(lines(stdout).at(-1)!);
  const why = lines(stderr).find((line) => /error/i.test(line)) ?? lines(stderr).at(-1);
  const { method, width, height, provider = "TypeScript" } = request;
  const reason = why?.replace(/^error: (Uncaught )?(\(in promise\) )?(\w*Error: )?/, "");
  throw new Error(`Cannot time ${method} at ${width}x${height} on ${provider}: ${reason}`);
}
