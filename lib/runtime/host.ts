/** One worker that holds all graphs of an entry, started when needed, ended when idle. @module */

import type { Tensor } from "../tensor/tensor.ts";
import type { EngineOptions, GraphSource, Signature } from "./graph.ts";
import type { Provider } from "./session.ts";
import { startThread, type Thread } from "./thread.ts";
import type { Reply, Request } from "./worker.ts";

/** The thread of the graphs. */
type GraphThread = Thread<Request, Reply>;

/** What {@linkcode hostGraphs} opens, and how. */
export interface HostOptions extends EngineOptions {
  /** What runs the graphs. */
  readonly provider: Provider;
  /** URL of the worker's script, where a bundler did not find it. */
  readonly worker?: string | URL;
  /**
   * Milliseconds without a call after which the worker ends, so that it neither holds memory nor
   * keeps a process alive; the next call starts it again.
   */
  readonly idle: number;
  /** Milliseconds after which a call is given up. */
  readonly timeout: number;
}

/** Graphs that live in a worker. */
export interface Host {
  /** Opens the graphs now, rather than with the first call. */
  open(signal?: AbortSignal): Promise<Record<string, Signature>>;
  /** Runs one graph; calls run one after the other. */
  run(
    graph: string,
    inputs: Readonly<Record<string, Tensor>>,
    signal?: AbortSignal,
  ): Promise<Record<string, Tensor>>;
  /** Ends the worker for good; a call in flight rejects at once. */
  close(): void;
}

/** Makes the host; nothing starts before its first call. */
export function hostGraphs(graphs: readonly GraphSource[], options: HostOptions): Host {
  const { provider, idle, timeout, worker: script, ...engine } = options;
  const stop = provider === "native" && !("Deno" in globalThis) ? retire : endNow;
  const closing = new AbortController();
  let live: { thread: GraphThread; signatures: Record<string, Signature> } | undefined;
  let last: Promise<unknown> = Promise.resolve();
  let timer: ReturnType<typeof setTimeout> | undefined;

  function end() {
    if (live) stop(live.thread);
    live = undefined;
  }

  async function start(signal: AbortSignal) {
    const thread: GraphThread = startThread(script);
    const request = { kind: "open", provider, graphs, options: engine } as const;
    const reply = await exchange(thread, request, { signal, stop, timeout });
    if (reply.kind !== "opened") throw new Error(`worker answered "${reply.kind}" to an open`);
    return { thread, signatures: reply.signatures };
  }

  // The calls wait here, not in the worker: ending it then harms no call but the running one.
  function inTurn<Result>(work: (either: AbortSignal) => Promise<Result>, signal?: AbortSignal) {
    const either = signal ? AbortSignal.any([signal, closing.signal]) : closing.signal;
    const mine = last.then(async () => {
      either.throwIfAborted();
      clearTimeout(timer);
      try {
        live ??= await start(either);
        return await work(either);
      } finally {
        if (live && Number.isFinite(idle) && !closing.signal.aborted) timer = setTimeout(end, idle);
      }
    });
    last = mine.catch(() => {});
    return abortable(mine, either);
  }

  return {
    open: (signal) => inTurn(() => Promise.resolve(live!.signatures), signal),
    run: (graph, inputs, signal) =>
      inTurn(async (either) => {
        const copies = Object.entries(inputs).map(
          ([name, { data, dims }]) => [name, { data: data.slice(), dims }] as const,
        );
        const transfer = copies.map(([, copy]) => copy.data.buffer);
        const request = { kind: "run", graph, inputs: Object.fromEntries(copies) } as const;
        const reply = await exchange(live!.thread, request, {
          signal: either,
          stop,
          timeout,
          transfer,
        })
          .catch((error) => {
            // An error of the graph leaves the worker whole; an abort or a crash has ended it.
            if (!(error instanceof GraphError)) live = undefined;
            throw error;
          });
        if (reply.kind !== "outputs") throw new Error(`worker answered "${reply.kind}" to a run`);
        return reply.outputs;
      }, signal),
    close() {
      clearTimeout(timer);
      closing.abort(new Error("its session is closed"));
      end();
    },
  };
}

/** A call that took too long. */
export class TimeoutError extends Error {}

/** The worker is well, but could not do what it was asked. */
class GraphError extends Error {}

function endNow(thread: GraphThread): void {
  thread.end();
}

/**
 * Lets a thread end after its call: to end it inside native code ends the whole process in Node
 * and Bun.
 */
function retire(thread: GraphThread): void {
  thread.listen(() => {});
  thread.post({ kind: "close" });
}

/** How an answer is awaited. */
interface ExchangeOptions {
  /** Stops the thread, and rejects with the reason. */
  signal: AbortSignal;
  /** How a thread is stopped that may be at work. */
  stop(thread: GraphThread): void;
  /** Milliseconds after which the thread is stopped. */
  timeout: number;
  /** Buffers that are handed over. */
  transfer?: ArrayBuffer[];
}

function exchange(
  thread: GraphThread,
  request: Request,
  { signal, stop, timeout, transfer }: ExchangeOptions,
): Promise<Reply> {
  const { promise, resolve, reject } = Promise.withResolvers<Reply>();
  const giveUp = (reason: unknown) => {
    stop(thread);
    reject(reason);
  };
  const onAbort = () => giveUp(signal.reason);
  signal.addEventListener("abort", onAbort, { once: true });
  const timer = setTimeout(
    () => giveUp(new TimeoutError(`it did not answer within ${timeout / 1000} s`)),
    timeout,
  );
  thread.listen((reply) => {
    if (reply.kind !== "failed") resolve(reply);
    else if (request.kind === "run") reject(new GraphError(reply.reason));
    else giveUp(new GraphError(reply.reason));
  }, (message) => giveUp(new Error(`its worker ended: ${message}`)));
  thread.post(request, transfer);
  return promise.finally(() => {
    clearTimeout(timer);
    signal.removeEventListener("abort", onAbort);
  });
}

/** Rejects as soon as the signal aborts, though the work may still wait for its turn. */
function abortable<Result>(work: Promise<Result>, signal: AbortSignal): Promise<Result> {
  if (signal.aborted) return Promise.reject(signal.reason);
  const { promise, reject } = Promise.withResolvers<never>();
  const onAbort = () => reject(signal.reason);
  signal.addEventListener("abort", onAbort, { once: true });
  return Promise.race([work, promise]).finally(() => signal.removeEventListener("abort", onAbort));
}
