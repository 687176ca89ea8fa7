/**
 * Calls to a thread, one after the other: the thread starts with the first one, and ends when it is idle, on an abort, or when a
 * call takes too long.
 *
 * @module
 */

import { abortable } from "./abortable.ts";
import { later, longestTimer } from "./platform.ts";
import type { Failure, Thread } from "./thread.ts";

/** Options of the calls to a thread. */
export interface CallsOptions<Request, Reply> {
  /** Starts the thread. */
  start(): Thread<Request, Reply | Failure>;
  /** Makes the first request, sent when a thread starts. */
  opening(): Call<Request>;
  /** Milliseconds in which the thread must answer it. */
  patience: number;
  /** Whether the thread is unusable after it reports a failure, and then ends. @default {false} */
  isFragile?: boolean;
  /** Stops the thread, even while it works. */
  stop(thread: Thread<Request, Reply | Failure>): void;
  /**
   * Milliseconds without a call after which the thread ends, so that it neither holds memory nor keeps a process alive; the next
   * call starts it again.
   */
  idle: number;
  /** Whether it must stay although it is idle, since it holds what cannot be made again. */
  isNeeded?(): boolean;
}

/** Options of one call. */
export interface CallOptions {
  /** Ends the thread, and rejects with the reason. */
  signal?: AbortSignal;
  /** Milliseconds after which the thread ends, and the call rejects. */
  timeout: number;
}

/** A request and the buffers that are transferred with it. */
export interface Call<Request> {
  /** The request. */
  request: Request;
  /** Transferred buffers, which are gone afterwards. */
  transfer?: ArrayBuffer[];
  /** Called with the reply, even if it reports a failure, before the next call starts. */
  onReply?(reply: object): void;
}

/** A thread that answers calls. */
export interface Calls<Request, Reply> {
  /** Starts the thread now instead of with the first call; returns its answer to the first request. */
  open(signal?: AbortSignal): Promise<Reply>;
  /**
   * Calls.
   *
   * @param make Makes the request when it is the call's turn, given the thread's reply to the opening, a different
   * object for each thread.
   * @throws {TimeoutError} If there is no answer in time.
   * @throws {CallError} If the thread says that it failed.
   */
  call(make: (opened: Reply) => Call<Request>, options: CallOptions): Promise<Reply>;
  /** Whether the thread that gave this reply to the opening still runs. */
  isLive(opened: Reply): boolean;
  /** Sends that thread a request that it does not answer, if it still runs. */
  tell(opened: Reply, request: Request): void;
  /** Ends the thread for good; a call in flight rejects at once. */
  close(): void;
}

/** A call that took too long. */
export class TimeoutError extends Error {}

/** The thread works, but could not do what it was asked; `name` is that of its error. */
export class CallError extends Error {
  /** Makes the error. */
  constructor({ name, reason }: Failure) {
    super(reason);
    this.name = name;
  }
}

/** Makes the calls of a thread, which starts with the first one. */
export function callsTo<Request, Reply extends { kind: string }>(
  { start, opening, patience, isFragile = false, stop, idle, isNeeded }: CallsOptions<
    Request,
    Reply
  >,
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

  function leaveLater() {
    stay = later(() => isNeeded?.() ? leaveLater() : end(), idle);
  }

  async function begin(signal: AbortSignal) {
    const thread = start();
    thread.hold(true);
    try {
      const how = { signal, giveUp: () => {}, timeout: patience };
      return { thread, opened: await exchange(thread, opening(), how) };
    } catch (error) {
      stop(thread);
      throw error;
    }
  }

  // Calls wait here, not in the thread, so that ending it affects only the running call.
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
        if (live && Number.isFinite(idle) && !closing.signal.aborted) leaveLater();
      }
    });
    last = mine.catch(() => {});
    return abortable(mine, either);
  }

  return {
    open: (signal) => inTurn(() => Promise.resolve(live!.opened), signal),
    call: (make, { signal, timeout }) =>
      inTurn(
        (either) => {
          const { thread, opened } = live!;
          const how = { signal: either, giveUp: end, isFragile, timeout };
          return exchange(thread, make(opened), how);
        },
        signal,
      ),
    isLive: (opened) => live?.opened === opened,
    tell(opened, request) {
      if (live?.opened === opened) live.thread.post(request);
    },
    close() {
      stay();
      closing.abort(new Error("its session is closed"));
      end();
    },
  };
}

/** Options of waiting for an answer. */
interface ExchangeOptions {
  /** Stops waiting, and rejects with the reason. */
  signal: AbortSignal;
  /** Ends the thread. */
  giveUp(): void;
  /** Whether the thread also ends after it reports a failure. */
  isFragile?: boolean;
  /** Milliseconds after which waiting ends. */
  timeout: number;
}

function exchange<Request, Reply extends { kind: string }>(
  thread: Thread<Request, Reply | Failure>,
  { request, transfer, onReply }: Call<Request>,
  { signal, giveUp, isFragile, timeout }: ExchangeOptions,
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
    Math.min(timeout, longestTimer),
  );
  thread.listen((reply) => {
    onReply?.(reply);
    if (isFailure(reply)) (isFragile ? fail : reject)(new CallError(reply));
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
