/** Which provider runs a model: the table, the order, and the choice. @module */

import { TimeoutError } from "../calls.ts";
import { ProviderError } from "../errors.ts";
import { inFloat32 } from "../onnx/float32.ts";
import { onServer } from "../platform.ts";
import { whyNoGpu } from "./adapter.ts";
import type { GraphSource, Signature } from "./graph.ts";
import { type Host, hostGraphs } from "./host.ts";
import { checkInputs } from "./inputs.ts";
import { checkOutputs, OutputError } from "./outputs.ts";
import { selfCheck } from "./self_check.ts";
import type { Provider, RunOptions, Session } from "./session.ts";
import type { Tensor } from "../tensor/tensor.ts";

/** Tensors by the names of a graph's inputs. */
type Inputs = Readonly<Record<string, Tensor>>;

/** What {@linkcode openSessions} may be told. */
export interface OpenOptions {
  /** The only provider to try, software GPUs included. */
  readonly provider?: Provider;
  /** Number of CPU threads. @default {navigator.hardwareConcurrency} */
  readonly threads?: number;
  /** Aborts the loading, which throws the signal's reason. */
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
  /**
   * Milliseconds after which one call of a graph is given up, and tried on the next provider.
   *
   * @default {600000}
   */
  readonly callTimeout?: number;
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
  /** What runs them now. */
  readonly provider: Provider;
  /** The sessions, by the names of their graphs. */
  readonly sessions: Readonly<Record<string, Session>>;
  /** The providers that were refused or left, with the reasons. */
  readonly tried: readonly Refusal[];
  /** What the user should know of providers that were given up during the work. */
  readonly warnings: readonly string[];
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

/** One thing to try: a provider, with the graphs as they are or made to compute in fp32. */
interface Attempt {
  row: ProviderRow;
  isWide: boolean;
}

/** What is left to try, best first, and what came of the rest. */
interface Search {
  graphs: readonly GraphSource[];
  /** The graphs in fp32; undefined if they compute in it already. */
  wide: readonly GraphSource[] | undefined;
  rest: Attempt[];
  tried: Refusal[];
}

/** Graphs on one provider. */
interface Running {
  attempt: Attempt;
  provider: Provider;
  host: Host;
  signatures: Record<string, Signature>;
}

/**
 * Opens all graphs of an entry on the first provider that loads and computes them as recorded.
 *
 * A provider that gives NaN or a flat image during the work repeats the call in fp32, where its graphs compute in fp16.
 * If that does not help, or there is no answer in time, it is left for the next one, which repeats the call.
 *
 * @throws {ProviderError} If no provider does; it says why for each.
 */
export async function openSessions(
  graphs: readonly GraphSource[],
  options: OpenOptions = {},
): Promise<OpenedSessions> {
  const rest = candidates(options.provider).map((row) => ({ row, isWide: false }));
  const search: Search = { graphs, wide: widened(graphs), rest, tried: [] };
  const { tried } = search;
  const warnings: string[] = [];
  const next = (signal?: AbortSignal) => openNext(search, { ...options, signal });
  let first = await next(options.signal);
  let current = Promise.resolve(first);

  /** Moves all graphs to what is tried next, unless another call has done so already. */
  async function leave(place: Promise<Running>, error: Error): Promise<void> {
    if (current !== place) return void await current;
    const failed = first;
    const reason = error.message;
    failed.host.close();
    tried.push({ provider: nameOf(failed.attempt), reason });
    if (error instanceof OutputError) widen(search, failed.attempt);
    current = next().then((running) => {
      const [from, to] = [failed, running].map(({ attempt }) => nameOf(attempt));
      warnings.push(`${from} was left for ${to}, which is used from here on: ${reason}`);
      return first = running;
    });
    await current;
  }

  async function run(graph: string, inputs: Inputs, { signal, outputs: wanted }: RunOptions = {}) {
    for (;;) {
      const place = current;
      const { host, provider, signatures } = await place;
      checkInputs(graph, signatures[graph], inputs);
      try {
        const outputs = await host.run(graph, inputs, signal);
        return checkOutputs(graph, inputs, outputs, wanted);
      } catch (error) {
        signal?.throwIfAborted();
        if (error instanceof OutputError || error instanceof TimeoutError) {
          await leave(place, error);
        } else if (current === place) throw runError(graph, provider, error as Error);
      }
    }
  }

  const sessions = makeSessions(first.signatures, () => first.provider, run, close);
  async function close() {
    (await current.catch(() => undefined))?.host.close();
  }
  return {
    get provider() {
      return first.provider;
    },
    sessions,
    tried,
    warnings,
    threads: options.threads ?? availableThreads(),
    [Symbol.asyncDispose]: close,
  };
}

/**
 * Opens one graph as {@linkcode openSessions} opens several.
 *
 * @throws {ProviderError} If no provider does; it says why for each.
 */
export async function openSession(graph: GraphSource, options?: OpenOptions): Promise<Session> {
  return (await openSessions([graph], options)).sessions[graph.name];
}

/** The rows to try, best first. */
function candidates(provider?: Provider): ProviderRow[] {
  if (provider === undefined) return [...providers];
  const row = providers.find(({ name }) => name === provider);
  if (row) return [row];
  const names = providers.map(({ name }) => name).join(", ");
  throw new TypeError(`Cannot use the provider "${provider}": choose one of ${names}`);
}

/** The graphs in fp32, if that makes a difference. */
function widened(graphs: readonly GraphSource[]): readonly GraphSource[] | undefined {
  const wide = graphs.map((graph) => ({ ...graph, bytes: wideBytes(graph.bytes) }));
  return wide.some(({ bytes }, i) => bytes !== graphs[i].bytes) ? wide : undefined;
}

function wideBytes(bytes: Uint8Array): Uint8Array {
  try {
    return inFloat32(bytes) ?? bytes;
  } catch {
    return bytes; // damaged: the providers will say how
  }
}

/** Tries what failed in fp16 in fp32 first of all. */
function widen({ wide, rest }: Search, { row, isWide }: Attempt): void {
  if (wide && !isWide) rest.unshift({ row, isWide: true });
}

/** What an attempt is called. */
function nameOf({ row, isWide }: Attempt): string {
  return isWide ? `${row.name} in fp32` : row.name;
}

/** Opens on the first of what is left; takes from the list what it tried. */
async function openNext(search: Search, options: OpenOptions): Promise<Running> {
  const { graphs, wide, rest, tried } = search;
  for (let attempt = rest.shift(); attempt; attempt = rest.shift()) {
    const { row, isWide } = attempt;
    try {
      const reason = whyNotInt8(row.name, graphs) ??
        await row.whyNot(options.provider !== undefined);
      if (reason === undefined) {
        return await openOn(attempt, isWide ? wide! : graphs, options);
      }
      tried.push({ provider: row.name, reason, absent: true });
    } catch (error) {
      options.signal?.throwIfAborted();
      const reason = error instanceof Error ? error.message : `${error}`;
      tried.push({ provider: nameOf(attempt), reason });
      widen(search, attempt);
    }
  }
  throw new ProviderError(tried);
}

/** WebGPU runs int8 graphs many times as slowly as the same ones in fp32. */
function whyNotInt8(provider: Provider, graphs: readonly GraphSource[]): string | undefined {
  if (provider !== "webgpu" || graphs.every(({ precision }) => precision !== "int8")) return;
  return "its graphs are int8, which only a CPU runs well: leave the precision out";
}

async function openOn(
  attempt: Attempt,
  graphs: readonly GraphSource[],
  options: OpenOptions,
): Promise<Running> {
  const provider = attempt.row.name;
  const threads = options.threads ?? availableThreads();
  const { idle = onServer ? 5000 : Infinity, callTimeout = 600_000 } = options;
  const { wasmPaths, worker, signal } = options;
  const host = hostGraphs(graphs, {
    ...{ provider, threads, idle, wasmPaths, worker },
    timeout: callTimeout,
  });
  try {
    const signatures = await host.open(signal);
    const running = { attempt, provider, host, signatures };
    if (options.fixture) {
      const run = (graph: string, inputs: Inputs) => {
        checkInputs(graph, signatures[graph], inputs);
        return host.run(graph, inputs, signal);
      };
      await selfCheck(run, { provider, graphs, fixture: options.fixture });
    }
    return running;
  } catch (error) {
    host.close();
    throw error;
  }
}

/** Threads of wasm need shared memory, which a page has only when it is isolated. */
function availableThreads(): number {
  return !globalThis.crossOriginIsolated && !onServer ? 1 : navigator.hardwareConcurrency;
}

function runError(graph: string, provider: Provider, cause: Error): Error {
  // What this folder found out says by itself what it is about.
  if (cause instanceof TypeError || cause instanceof RangeError) return cause;
  return new Error(`Cannot run the graph "${graph}" on ${provider}: ${cause.message}`, { cause });
}

/** The sessions share what runs them, which ends when the last of them is disposed. */
function makeSessions(
  signatures: Readonly<Record<string, Signature>>,
  provider: () => Provider,
  run: (graph: string, ...call: Parameters<Session["run"]>) => ReturnType<Session["run"]>,
  close: () => Promise<void>,
): Record<string, Session> {
  const graphs = Object.keys(signatures);
  const open = new Set(graphs);
  const sessionOf = (graph: string): Session => ({
    get provider() {
      return provider();
    },
    inputs: signatures[graph].inputs.map(({ name }) => name),
    async run(inputs, options) {
      if (!open.has(graph)) throw new Error(`Cannot run the graph "${graph}": it is closed`);
      return await run(graph, inputs, options);
    },
    async [Symbol.asyncDispose]() {
      open.delete(graph);
      if (open.size === 0) await close();
    },
  });
  return Object.fromEntries(graphs.map((graph) => [graph, sessionOf(graph)]));
}
