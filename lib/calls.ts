/**
 * Calls to a thread, one after the other: it starts with the first one, and ends when it is idle, on an abort, or when a
 * call takes too long.
 *
 * @module
 */

import { later } from "./platform.ts";
import type { Failure, Thread } from "./thread.ts";

/** How a thread is called. */
export interface CallsOptions<Request, Reply> {
  /** Starts it. */
  start(): Thread<Request, Reply | Failure>;
  /** What it is asked first. */
  opening: Request;
  /** Milliseconds that it has to answer that. */
  patience: number;
  /** Stops it, though it may be at work. */
  stop(thread: Thread<Request, Reply | Failure>): void;
  /**
   * Milliseconds without a call after which it ends, so that it neither holds memory nor keeps a process alive; the next
   * call starts it again.
   */
  idle: number;
}

/** How one call is made. */
export interface CallOptions {
  /** Ends the thread, and rejects with the reason. */
  signal?: AbortSignal;
  /** Milliseconds after which the thread ends, and the call rejects. */
  timeout: number;
}

/** A request, and what of it is handed over. */
export interface Call<Request> {
  /** The request. */
  request: Request;
  /** Buffers that are gone afterwards. */
  transfer?: ArrayBuffer[];
}

/** A thread that is called. */
export interface Calls<Request, Reply> {
  /** Starts the thread now, rather than with the first call; tells what it said to the opening. */
  open(signal?: AbortSignal): Promise<Reply>;
  /**
   * Calls.
   *
   * @param make Makes the request when it is its turn.
   * @throws {TimeoutError} If there is no answer in time.
   * @throws {CallError} If the thread says that it failed.
   */
  call(make: () => Call<Request>, options: CallOptions): Promise<Reply>;
  /** Ends the thread for good; a call in flight rejects at once. */
  close(): void;
}

/** A call that took too long. */
export class TimeoutError extends Error {}

/** The thread is well, but could not do what it was asked; `name` is that of its error. */
export class CallError extends Error {
  /** Makes the error. */
  constructor({ name, reason }: Failure) {
    super(reason);
    this.name = name;
  }
}

/** Makes them; nothing starts before the first one. */
export function callsTo<Request, Reply extends { kind: string }>(
  { start, opening, patience, stop, idle }: CallsOptions<Request, Reply>,
): Calls<Request, Reply> {
  type Called = Thread<Request, Reply | Failure>;
  const closing = new AbortController();
  let live: { thread: Called; opened: Reply } | undefined;
  let last: Promise<unknown> = Promise.resolve();
  let stay = () => {};

  function end() {
    if (live) stop(live.thread);
    live = undefined;
  }

  async function begin(signal: AbortSignal) {
    const thread = start();
    thread.hold(true);
    try {
      const how = { signal, giveUp: () => {}, timeout: patience };
      return { thread, opened: await exchange(thread, { request: opening }, how) };
    } catch (error) {
      stop(thread);
      throw error;
    }
  }

  // The calls wait here, not in the thread: ending it then harms no call but the running one.
  function inTurn<Result>(work: (either: AbortSignal) => Promise<Result>, signal?: AbortSignal) {
    const either = signal ? AbortSignal.any([signal, closing.signal]) : closing.signal;
    const mine = last.then(async () => {
      either.throwIfAborted();
      stay();
      try {
        live?.thread.hold(true);
        live ??= await begin(either);
        return await work(either);
      } finally {
        live?.thread.hold(false);
        if (live && Number.isFinite(idle) && !closing.signal.aborted) stay = later(end, idle);
      }
    });
    last = mine.catch(() => {});
    return abortable(mine, either);
  }

  return {
    open: (signal) => inTurn(() => Promise.resolve(live!.opened), signal),
    call: (make, { signal, timeout }) =>
      inTurn(
        (either) => exchange(live!.thread, make(), { signal: either, giveUp: end, timeout }),
        signal,
      ),
    close() {
      stay();
      closing.abort(new Error("its session is closed"));
      end();
    },
  };
}

/** How an answer is awaited. */
interface ExchangeOptions {
  /** Gives up, and rejects with the reason. */
  signal: AbortSignal;
  /** Ends the thread. */
  giveUp(): void;
  /** Milliseconds after which it is given up. */
  timeout: number;
}

/** Longest time that a timer can be told. */
const LONGEST = 2 ** 31 - 1;

function exchange<Request, Reply extends { kind: string }>(
  thread: Thread<Request, Reply | Failure>,
  { request, transfer }: Call<Request>,
  { signal, giveUp, timeout }: ExchangeOptions,
): Promise<Reply> {
  const { promise, resolve, reject } = Promise.withResolvers<Reply>();
  const fail = (reason: unknown) => {
    giveUp();
    reject(reason);
  };
  const onAbort = () => fail(signal.reason);
  signal.addEventListener("abort", onAbort, { once: true });
  const timer = setTimeout(
    () => fail(new TimeoutError(`it did not answer within ${Math.round(timeout / 100) / 10} s`)),
    Math.min(timeout, LONGEST),
  );
  thread.listen((reply) => {
    if (isFailure(reply)) reject(new CallError(reply));
    else resolve(reply);
  }, (message) => fail(new Error(`its worker ended: ${message}`)));
  thread.post(request, transfer);
  return promise.finally(() => {
    clearTimeout(timer);
    signal.removeEventListener("abort", onAbort);
  });
}

function isFailure(reply: { kind: string }): reply is Failure {
  return reply.kind === "failed";
}

/** Rejects as soon as the signal aborts, though the work may still wait for its turn. */
function abortable<Result>(work: Promise<Result>, signal: AbortSignal): Promise<Result> {
  if (signal.aborted) return Promise.reject(signal.reason);
  const { promise, reject } = Promise.withResolvers<never>();
  const onAbort = () => reject(signal.reason);
  signal.addEventListener("abort", onAbort, { once: true });
  return Promise.race([work, promise]).finally(() => signal.removeEventListener("abort", onAbort));
}
