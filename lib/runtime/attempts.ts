/** Attempts to open graphs: the table of providers, their order, and the results. @module */

import { checkSignal, checkTime, checkWhole } from "../checks.ts";
import { oneLine, ProviderError } from "../errors.ts";
import { inFloat32 } from "../onnx/float32.ts";
import { onServer } from "../platform.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { whyNoGpu, whyNoHalf } from "./adapter.ts";
import type { GraphSource, Signature } from "./graph.ts";
import { type Host, hostGraphs } from "./host.ts";
import { checkInputs } from "./inputs.ts";
import { selfCheckOf } from "./self_check.ts";
import type { Preparation } from "./preparation.ts";
import type { Provider } from "./session.ts";

/** Tensors by the names of a graph's inputs. */
type Inputs = Readonly<Record<string, Tensor>>;

/** Options of {@linkcode openSessions}. */
export interface OpenOptions {
  /** The only provider to try, software GPUs included. */
  readonly provider?: Provider;
  /** Number of CPU threads. @default {navigator.hardwareConcurrency} */
  readonly threads?: number;
  /** Aborts the loading, which throws the signal's reason. */
  readonly signal?: AbortSignal;
  /** Whether a GPU computes in fp16, if it can and passes the check. @default {false} */
  readonly half?: boolean;
  /** The entry's recorded inputs and outputs: a provider with other results is refused. */
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
   * Milliseconds after which one call of a graph is aborted and tried on the next provider.
   *
   * @default {600000}
   */
  readonly callTimeout?: number;
}

/** Those options, and work that was begun before the graphs were read. */
export interface PreparedOptions extends OpenOptions {
  /** The work that was begun. */
  readonly preparation?: Preparation;
}

/** A provider that cannot run the graphs. */
export interface Refusal {
  /** Its name. */
  readonly provider: string;
  /** Why not. */
  readonly reason: string;
  /** Whether it is not available here at all: it was not tried, and nothing failed. */
  readonly absent?: boolean;
}

/** A provider, and the reason if it is not available here. */
export interface ProviderRow {
  /** Its name. */
  readonly name: Provider;
  /** The reason. */
  whyNot(forced: boolean): Promise<string | undefined> | string | undefined;
}

/** All providers, in the order in which they are tried. */
export const providers: readonly ProviderRow[] = [
  { name: "webgpu", whyNot: whyNoGpu },
  { name: "native", whyNot: () => onServer ? undefined : "a browser cannot run native code" },
  { name: "wasm", whyNot: () => undefined },
];

/** One attempt: a provider, with the graphs as they are, or converted. */
export interface Attempt {
  /** The provider. */
  row: ProviderRow;
  /** Precision that the graphs are converted to. */
  form?: "fp16" | "fp32";
}

/** The remaining attempts, best first, and the results of the others. */
export interface Search {
  /** The graphs as they are. */
  graphs: readonly GraphSource[];
  /** Makes the graphs in fp32; undefined if they compute in it already. */
  wide(): readonly GraphSource[] | undefined;
  /** Attempts that were not made yet. */
  rest: Attempt[];
  /** Providers that failed or are not available. */
  tried: Refusal[];
}

/** Graphs on one provider. */
export interface Running {
  /** The attempt that succeeded. */
  attempt: Attempt;
  /** Its provider. */
  provider: Provider;
  /** The graphs. */
  host: Host;
  /** Their inputs and outputs. */
  signatures: Record<string, Signature>;
}

/**
 * Refuses options out of their range.
 *
 * @throws {TypeError} If one has the wrong type, or there is no such provider.
 * @throws {RangeError} If a number is out of its range.
 */
export function checkOpening(options: Omit<OpenOptions, "fixture">): void {
  const { provider, signal, threads = 1, idle = 1, callTimeout = 1 } = options;
  candidates(provider);
  checkSignal("signal", signal);
  checkWhole("threads", threads, { from: 1, to: 1024 });
  checkTime("idle", idle);
  checkTime("callTimeout", callTimeout);
}

/** All possible attempts. */
export function startSearch(graphs: readonly GraphSource[], options: PreparedOptions): Search {
  checkOpening(options);
  const { provider, half } = options;
  const rest = candidates(provider).map((row): Attempt =>
    half && row.name === "webgpu" ? { row, form: "fp16" } : { row }
  );
  let wide: { graphs: ReturnType<typeof widened> } | undefined; // once, and not before an attempt has failed
  return { graphs, wide: () => (wide ??= { graphs: widened(graphs) }).graphs, rest, tried: [] };
}

/** The rows to try, best first. */
function candidates(provider?: Provider): ProviderRow[] {
  if (provider === undefined) return [...providers];
  const row = providers.find(({ name }) => name === provider);
  if (row) return [row];
  const names = providers.map(({ name }) => name).join(", ");
  throw new TypeError(`Cannot use the provider "${String(provider)}": choose one of ${names}`);
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
    return bytes; // damaged: the providers will report it
  }
}

/** Puts the attempt with more precision first after one with less has failed. */
export function widen({ wide, rest }: Search, { row, form }: Attempt): void {
  if (form === "fp16") rest.unshift({ row });
  else if (!form && wide()) rest.unshift({ row, form: "fp32" });
}

/** Name of an attempt in messages. */
export function nameOf({ row, form }: Attempt): string {
  return form ? `${row.name} in ${form}` : row.name;
}

/**
 * Makes the remaining attempts until one succeeds, and removes them from the list.
 *
 * @throws {ProviderError} If none succeeds.
 */
export async function openNext(search: Search, options: PreparedOptions): Promise<Running> {
  const { graphs, wide, rest, tried } = search;
  for (let attempt = rest.shift(); attempt; attempt = rest.shift()) {
    const { row, form } = attempt;
    try {
      const missing = whyNotInt8(row.name, graphs) ??
        await (options.preparation?.whyNot(row.name) ?? row.whyNot(options.provider !== undefined));
      const reason = missing ?? (form === "fp16" ? await whyNoHalf() : undefined);
      if (reason === undefined) {
        return await openOn(attempt, form === "fp32" ? wide()! : graphs, options);
      }
      tried.push({ provider: missing ? row.name : nameOf(attempt), reason, absent: true });
      if (!missing) widen(search, attempt);
    } catch (error) {
      options.signal?.throwIfAborted();
      const reason = oneLine(error instanceof Error ? error.message : `${error}`);
      tried.push({ provider: nameOf(attempt), reason });
      widen(search, attempt);
    }
  }
  throw new ProviderError(tried);
}

/** WebGPU runs int8 graphs many times slower than the same ones in fp32. */
function whyNotInt8(provider: Provider, graphs: readonly GraphSource[]): string | undefined {
  if (provider !== "webgpu" || graphs.every(({ precision }) => precision !== "int8")) return;
  return "its graphs are int8, which only a CPU runs well: leave the precision out";
}

async function openOn(
  attempt: Attempt,
  graphs: readonly GraphSource[],
  options: PreparedOptions,
): Promise<Running> {
  const provider = attempt.row.name;
  const threads = options.threads ?? availableThreads();
  const half = attempt.form === "fp16";
  const { idle = onServer ? 5000 : Infinity, callTimeout = 600_000 } = options;
  const { wasmPaths, worker, signal, preparation } = options;
  const host = hostGraphs(graphs, {
    ...{ provider, threads, idle, wasmPaths, worker, preparation, half },
    timeout: callTimeout,
  });
  try {
    const { fixture } = options;
    const opening = host.open(signal);
    const check = fixture && selfCheckOf({ provider, graphs, fixture, half });
    const signatures = await opening;
    const running = { attempt, provider, host, signatures };
    if (check) {
      const run = (graph: string, inputs: Inputs) => {
        checkInputs(graph, signatures[graph], inputs);
        return host.run(graph, inputs, { signal });
      };
      await check(run);
    }
    return running;
  } catch (error) {
    host.close();
    throw error;
  }
}

/** Threads of wasm need shared memory, which a page has only when it is isolated. */
export function availableThreads(): number {
  const { crossOriginIsolated } = globalThis as { crossOriginIsolated?: boolean };
  return !crossOriginIsolated && !onServer ? 1 : navigator.hardwareConcurrency;
}
