/** Waits that a signal ends. @module */

/**
 * Rejects with the signal's reason as soon as it aborts, though the work may never end: it waits for its turn, or reads a pipe
 * that nobody writes to.
 */
export async function abortable<Result>(
  work: Promise<Result>,
  signal?: AbortSignal,
): Promise<Result> {
  if (!signal) return await work;
  const { promise, reject } = Promise.withResolvers<never>();
  const onAbort = () => reject(signal.reason);
  if (signal.aborted) onAbort();
  signal.addEventListener("abort", onAbort, { once: true });
  try {
    return await Promise.race([promise, work]);
  } finally {
    signal.removeEventListener("abort", onAbort);
  }
}
