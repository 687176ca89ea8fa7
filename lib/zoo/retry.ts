/** Repeats failed requests. @module */

import { RequestError } from "./http.ts";

/** Options of retrying. */
export interface RetryOptions {
  /**
   * How often a request is repeated when the network or the server fails.
   *
   * @default {2}
   */
  retries?: number;
  /** Aborts the waiting, which throws the signal's reason. */
  signal?: AbortSignal;
}

/** Longest pause in milliseconds. */
const LONGEST = 60_000;

/**
 * Repeats work while it fails for temporary reasons: after half a second, then after twice
 * as long each time, at most a minute, or after the time that the server asks for.
 */
export async function withRetries<Result>(
  work: () => Promise<Result>,
  { retries = 2, signal }: RetryOptions,
): Promise<Result> {
  for (let attempt = 0;; attempt++) {
    try {
      return await work();
    } catch (error) {
      signal?.throwIfAborted();
      if (!(error instanceof RequestError && error.isTemporary) || attempt >= retries) throw error;
      // Half of the time is random, so that many clients do not come back together.
      const usual = Math.min(LONGEST, 500 * 2 ** attempt) * (0.5 + Math.random() / 2);
      await pause(error.retryAfter ?? usual, signal);
    }
  }
}

function pause(milliseconds: number, signal?: AbortSignal): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const timer = setTimeout(resolve, milliseconds);
  const onAbort = () => reject(signal!.reason);
  signal?.addEventListener("abort", onAbort, { once: true });
  return promise.finally(() => {
    clearTimeout(timer);
    signal?.removeEventListener("abort", onAbort);
  });
}
