/** What a process holds: memory, files and threads. @module */

/** Amounts at one moment. */
export interface Usage {
  /** Resident memory in MB, including what the allocators keep for later. */
  resident: number;
  /** JavaScript objects on the main thread, in MB. */
  heap: number;
  /** Buffers that belong to them, in MB. */
  external: number;
  /** Open files; 0 where the system does not tell. */
  files: number;
  /** Threads; 0 where the system does not tell. */
  threads: number;
}

/** Measures, after releasing what is no longer needed. */
export async function usage(): Promise<Usage> {
  const collect = (globalThis as { gc?: () => void }).gc;
  for (let i = 0; i < 2; i++) {
    collect?.();
    await new Promise((resolve) => setTimeout(resolve)); // finalizers run between tasks
  }
  const { rss, heapUsed, external } = Deno.memoryUsage();
  return {
    resident: rss / 1e6,
    heap: heapUsed / 1e6,
    external: external / 1e6,
    files: count("/proc/self/fd"),
    threads: count("/proc/self/task"),
  };
}

/** The least of each amount, so that what is freed late does not count. */
export function least(all: readonly Usage[]): Usage {
  return all.reduce((a, b) => ({
    resident: Math.min(a.resident, b.resident),
    heap: Math.min(a.heap, b.heap),
    external: Math.min(a.external, b.external),
    files: Math.min(a.files, b.files),
    threads: Math.min(a.threads, b.threads),
  }));
}

/** The amounts as text. */
export function shown({ resident, heap, external, files, threads }: Usage): string {
  return `${resident.toFixed(0)} MB resident, heap ${heap.toFixed(1)} MB, buffers ` +
    `${external.toFixed(1)} MB, ${files} files, ${threads} threads`;
}

/**
 * Lists what grew by more than it may.
 *
 * @param most Megabytes that the resident memory may grow by, since allocators keep freed memory. JavaScript objects
 * and buffers may grow by a tenth of it if garbage can be collected on demand (`--expose-gc`), else by as much.
 */
export function grown(early: Usage, late: Usage, most: number): string[] {
  const own = "gc" in globalThis ? most / 10 : most;
  const limits: [keyof Usage, number, string][] = [
    ["resident", most, "MB of resident memory"],
    ["heap", own, "MB of objects"],
    ["external", own, "MB of buffers"],
    ["files", 2, "files"],
    ["threads", 2, "threads"],
  ];
  return limits
    .map(([name, limit, unit]) => ({ limit, unit, more: late[name] - early[name] }))
    .filter(({ limit, more }) => more > limit)
    .map(({ unit, more }) => `the process holds ${more.toFixed(1)} more ${unit} than early on`);
}

function count(folder: string): number {
  try {
    return [...Deno.readDirSync(folder)].length;
  } catch {
    return 0;
  }
}
