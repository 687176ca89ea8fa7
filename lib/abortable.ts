/** Waiting that a signal can end. @module */

/**
 * Waits for work, but rejects with the signal's reason as soon as it aborts, even if the work never ends: it may wait for
 * its turn, or read a pipe that nobody writes to.
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
