/** One worker that holds all graphs of an entry; it starts when needed and ends when idle. @module */

import { callsTo } from "../calls.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { startThread, type Thread } from "../thread.ts";
import type { EngineOptions, GraphSource, Signature } from "./graph.ts";
import type { Provider } from "./session.ts";
import type { Reply, Request } from "./worker.ts";

/** Options of {@linkcode hostGraphs}. */
export interface HostOptions extends EngineOptions {
  /** The provider that runs the graphs. */
  readonly provider: Provider;
  /** URL of the worker's script, if a bundler did not find it. */
  readonly worker?: string | URL;
  /**
   * Milliseconds without a call after which the worker ends, so that it neither holds memory nor
   * keeps a process alive; the next call starts it again.
   */
  readonly idle: number;
  /** Milliseconds after which a call is aborted. */
  readonly timeout: number;
}

/** Graphs that live in a worker. */
export interface Host {
  /** Opens the graphs now instead of with the first call. */
  open(signal?: AbortSignal): Promise<Record<string, Signature>>;
  /** Runs one graph; calls run one after the other. */
  run(
    graph: string,
    inputs: Readonly<Record<string, Tensor>>,
    signal?: AbortSignal,
  ): Promise<Record<string, Tensor>>;
  /** Ends the worker for good; a call in progress rejects at once. */
  close(): void;
}

/** Makes the host; nothing starts before its first call. */
export function hostGraphs(graphs: readonly GraphSource[], options: HostOptions): Host {
  const { provider, idle, timeout, worker: script, ...engine } = options;
  const calls = callsTo<Request, Reply>({
    start: () => startThread({ script }),
    opening: { kind: "open", provider, graphs, options: engine },
    patience: timeout,
    stop: provider === "native" && !("Deno" in globalThis) ? retire : endNow,
    idle,
  });
  return {
    async open(signal) {
      const reply = await calls.open(signal);
      if (reply.kind !== "opened") throw new Error(`worker answered "${reply.kind}" to an open`);
      return reply.signatures;
    },
    async run(graph, inputs, signal) {
      const reply = await calls.call(() => {
        const copies = Object.entries(inputs).map(
          ([name, { data, dims }]) => [name, { data: data.slice(), dims }] as const,
        );
        const request = { kind: "run", graph, inputs: Object.fromEntries(copies) } as const;
        return { request, transfer: copies.map(([, copy]) => copy.data.buffer) };
      }, { signal, timeout });
      if (reply.kind !== "outputs") throw new Error(`worker answered "${reply.kind}" to a run`);
      return reply.outputs;
    },
    close: () => calls.close(),
  };
}

/** The request to end a thread. */
type Ended = Thread<Request | { kind: "close" }, unknown>;

function endNow(thread: Ended): void {
  thread.end();
}

/**
 * Lets a thread end after its call: to end it inside native code ends the whole process in Node
 * and Bun.
 */
function retire(thread: Ended): void {
  thread.listen(() => {});
  thread.post({ kind: "close" });
}
