/** Speed and memory of one method, in a process of its own. @module */

import type { SpeedRequest } from "./child.ts";
import type { SpeedRow } from "./row.ts";

/** A child that takes longer is ended, in milliseconds. */
const LIMIT = 600_000;

/**
 * Measures an entry at one size on one provider.
 *
 * @throws {Error} If the process fails or takes too long; the message is its last line.
 */
export async function measureSpeed(request: SpeedRequest, signal: AbortSignal): Promise<SpeedRow> {
  const child = new URL("./child.ts", import.meta.url).pathname;
  return await runChild(
    Deno.execPath(),
    ["run", "-A", "-q", child, JSON.stringify(request)],
    signal,
  );
}
