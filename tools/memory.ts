/** Memory of processes. @module */

/** Largest resident memory of a process so far, in bytes; 0 if it has ended or this system has no /proc. */
export function peakOf(pid: number): number {
  try {
    const status = Deno.readTextFileSync(`/proc/${pid}/status`);
    return 1024 * Number(status.match(/^VmHWM:\s+(\d+) kB$/m)?.[1] ?? 0);
  } catch {
    return 0;
  }
}
