/** Peak memory of this process. @module */

import process from "node:process";

/**
 * Largest resident memory so far, in MiB.
 *
 * On Linux it is read from /proc, since `resourceUsage()`, which serves other systems, starts there at the size
 * of the parent process.
 */
export async function peakMemory(): Promise<number> {
  if (Deno.build.os !== "linux") return process.resourceUsage().maxRSS / 1024;
  const status = await Deno.readTextFile("/proc/self/status");
  return Number(status.match(/^VmHWM:\s+(\d+) kB$/m)![1]) / 1024;
}
