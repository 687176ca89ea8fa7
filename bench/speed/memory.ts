/** Peak memory of this process. @module */

import process from "node:process";

/**
 * Largest resident memory so far, in MiB.
 *
 * Linux keeps it per program in /proc; `resourceUsage()`, which other systems give, would there start from the
 * size of the parent that this process was forked from.
 */
export async function peakMemory(): Promise<number> {
  if (Deno.build.os !== "linux") return process.resourceUsage().maxRSS / 1024;
  const status = await Deno.readTextFile("/proc/self/status");
  return Number(status.match(/^VmHWM:\s+(\d+) kB$/m)![1]) / 1024;
}
