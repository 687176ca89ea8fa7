/** One worker that holds all graphs of an entry, started when needed, ended when idle. @module */

import { onServer, serverModule } from "../platform.ts";
import type { Tensor } from "../tensor/tensor.ts";
import type { EngineOptions, GraphSource, Signature } from "./graph.ts";
import type { Provider } from "./session.ts";
import type { Reply, Request } from "./worker.ts";

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
  const { provider, idle, worker: script, ...engine } = options;
  const closing = new AbortController();
  let live: { worker: Worker; signatures: Record<string, Signature> } | undefined;
  let last: Promise<unknown> = Promise.resolve();
  let timer: ReturnType<typeof setTimeout> | undefined;

  function end() {
    live?.worker.terminate();
    live = undefined;
  }

  async function start(signal: AbortSignal) {
    const worker = startWorker(script);
    const request = { kind: "open", provider, graphs, options: engine } as const;
    const reply = await exchange(worker, request, signal);
    if (reply.kind !== "opened") throw new Error(`worker answered "${reply.kind}" to an open`);
    return { worker, signatures: reply.signatures };
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
        const reply = await exchange(live!.worker, request, either, transfer)
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

function startWorker(script?: string | URL): Worker {
  if (script !== undefined) return new Worker(script, { type: "module" });
  if (onServer) {
    return new Worker(serverModule("server_worker", import.meta.url), { type: "module" });
  }
  // A literal URL, which some bundlers for the browser know how to follow.
  return new Worker(new URL("./web_worker.ts", import.meta.url), { type: "module" });
}

/** The worker is well, but could not do what it was asked. */
class GraphError extends Error {}

function exchange(
  worker: Worker,
  request: Request,
  signal: AbortSignal,
  transfer: ArrayBuffer[] = [],
): Promise<Reply> {
  const { promise, resolve, reject } = Promise.withResolvers<Reply>();
  const stop = (reason: unknown) => {
    worker.terminate();
    reject(reason);
  };
  const onAbort = () => stop(signal.reason);
  signal.addEventListener("abort", onAbort, { once: true });
  worker.onmessage = ({ data }: MessageEvent<Reply>) => {
    if (data.kind !== "failed") resolve(data);
    else if (request.kind === "run") reject(new GraphError(data.reason));
    else stop(new GraphError(data.reason));
  };
  worker.onerror = (event) => {
    event.preventDefault();
    stop(new Error(`its worker ended: ${event.message}`));
  };
  worker.postMessage(request, transfer);
  return promise.finally(() => signal.removeEventListener("abort", onAbort));
}

/** Rejects as soon as the signal aborts, though the work may still wait for its turn. */
function abortable<Result>(work: Promise<Result>, signal: AbortSignal): Promise<Result> {
  if (signal.aborted) return Promise.reject(signal.reason);
  const { promise, reject } = Promise.withResolvers<never>();
  const onAbort = () => reject(signal.reason);
  signal.addEventListener("abort", onAbort, { once: true });
  return Promise.race([work, promise]).finally(() => signal.removeEventListener("abort", onAbort));
}
