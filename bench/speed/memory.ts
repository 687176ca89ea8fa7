/** Peak memory of this process. @module */

import process from "node:process";
import { peakOf } from "../../tools/memory.ts";

/**
 * Largest resident memory so far, in MiB.
 *
 * On Linux it is read from /proc, since `resourceUsage()`, which serves other systems, starts there at the size
 * of the parent process.
 */
export function peakMemory(): number {
  if (Deno.build.os !== "linux") return process.resourceUsage().maxRSS / 1024;
  return peakOf(Deno.pid) / 2 ** 20;
}
