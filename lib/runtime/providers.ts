/** Which provider runs a model: the table, the order, and the choice. @module */

import { ProviderError } from "../errors.ts";
import { onServer } from "../platform.ts";
import { whyNoGpu } from "./adapter.ts";
import type { GraphSource, Signature } from "./graph.ts";
import { type Host, hostGraphs } from "./host.ts";
import { checkInputs } from "./inputs.ts";
import { selfCheck } from "./self_check.ts";
import type { Provider, Session } from "./session.ts";

/** What {@linkcode openSessions} may be told. */
export interface OpenOptions {
  /** The only provider to try, software GPUs included. */
  readonly provider?: Provider;
  /** Number of CPU threads. @default {navigator.hardwareConcurrency} */
  readonly threads?: number;
  /** Leaves the loading with the signal's reason. */
  readonly signal?: AbortSignal;
  /** The entry's recorded inputs and outputs: a provider that computes something else is refused. */
  readonly fixture?: Uint8Array;
  /** URL of the folder with ONNX Runtime's `.wasm` and `.mjs` files, for a bundled page. */
  readonly wasmPaths?: string;
  /** URL of the worker's script, for a bundled page whose bundler does not find it. */
  readonly worker?: string | URL;
  /**
   * Milliseconds without a call after which the worker ends until the next call.
   *
   * @default {5000, and never in a page}
   */
  readonly idle?: number;
}

/** A provider that does not run the graphs. */
export interface Refusal {
  /** Its name. */
  readonly provider: string;
  /** Why not. */
  readonly reason: string;
  /** Whether this place does not have it at all: it was not tried, and nothing failed. */
  readonly absent?: boolean;
}

/** Graphs that were opened together. */
export interface OpenedSessions extends AsyncDisposable {
  /** What runs them. */
  readonly provider: Provider;
  /** The sessions, by the names of their graphs. */
  readonly sessions: Readonly<Record<string, Session>>;
  /** The providers that were refused before, with the reasons. */
  readonly tried: readonly Refusal[];
  /** Number of CPU threads that the provider was given. */
  readonly threads: number;
}

/** A provider, and the reason why this place cannot have it, if there is one. */
interface ProviderRow {
  readonly name: Provider;
  whyNot(forced: boolean): Promise<string | undefined> | string | undefined;
}

/** All providers, in the order in which they are tried. */
export const providers: readonly ProviderRow[] = [
  { name: "webgpu", whyNot: whyNoGpu },
  { name: "native", whyNot: () => onServer ? undefined : "a browser runs no native code" },
  { name: "wasm", whyNot: () => undefined },
];

/**
 * Opens all graphs of an entry on the first provider that loads and computes them as recorded.
 *
 * @throws {ProviderError} If no provider does; it says why for each.
 */
export async function openSessions(
  graphs: readonly GraphSource[],
  options: OpenOptions = {},
): Promise<OpenedSessions> {
  const { provider, signal } = options;
  const tried: Refusal[] = [];
  for (const name of provider ? [provider] : providers.map((row) => row.name)) {
    const row = providers.find((row) => row.name === name);
    if (!row) throw new TypeError(`Cannot use the provider "${name}": it is none of ${names()}`);
    try {
      const reason = await row.whyNot(provider !== undefined);
      if (reason === undefined) return await openOn(name, graphs, options, tried);
      tried.push({ provider: name, reason, absent: true });
    } catch (error) {
      signal?.throwIfAborted();
      tried.push({ provider: name, reason: error instanceof Error ? error.message : `${error}` });
    }
  }
  throw new ProviderError(tried);
}

/**
 * Opens one graph as {@linkcode openSessions} opens several.
 *
 * @throws {ProviderError} If no provider does; it says why for each.
 */
export async function openSession(graph: GraphSource, options?: OpenOptions): Promise<Session> {
  return (await openSessions([graph], options)).sessions[graph.name];
}

function names(): string {
  return providers.map((row) => row.name).join(", ");
}

async function openOn(
  provider: Provider,
  graphs: readonly GraphSource[],
  options: OpenOptions,
  tried: OpenedSessions["tried"],
): Promise<OpenedSessions> {
  const threads = options.threads ?? availableThreads();
  const { idle = onServer ? 5000 : Infinity, wasmPaths, worker, signal } = options;
  const host = hostGraphs(graphs, { provider, threads, idle, wasmPaths, worker });
  try {
    const signatures = await host.open(signal);
    const sessions = makeSessions(provider, host, signatures);
    if (options.fixture) await selfCheck(sessions, graphs, options.fixture, signal);
    return { provider, sessions, tried, threads, [Symbol.asyncDispose]: closer(host) };
  } catch (error) {
    host.close();
    throw error;
  }
}

/** Threads of wasm need shared memory, which a page has only when it is isolated. */
function availableThreads(): number {
  return !globalThis.crossOriginIsolated && !onServer ? 1 : navigator.hardwareConcurrency;
}

function closer(host: Host): () => Promise<void> {
  return () => Promise.resolve(host.close());
}

/** The sessions share one worker, which ends when the last of them is disposed. */
function makeSessions(
  provider: Provider,
  host: Host,
  signatures: Record<string, Signature>,
): Record<string, Session> {
  const open = new Set(Object.keys(signatures));
  return Object.fromEntries(
    Object.entries(signatures).map(([graph, signature]) => [
      graph,
      {
        provider,
        run: async (inputs, { signal } = {}) => {
          checkInputs(graph, signature, inputs);
          if (!open.has(graph)) throw new Error(`Cannot run the graph "${graph}": it is closed`);
          try {
            return await host.run(graph, inputs, signal);
          } catch (error) {
            signal?.throwIfAborted();
            throw new Error(
              `Cannot run the graph "${graph}" on ${provider}: ${(error as Error).message}`,
              { cause: error },
            );
          }
        },
        [Symbol.asyncDispose]() {
          open.delete(graph);
          if (open.size === 0) host.close();
          return Promise.resolve();
        },
      } satisfies Session,
    ]),
  );
}
