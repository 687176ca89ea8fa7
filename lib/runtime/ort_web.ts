/** The providers `wasm` and `webgpu` of a page: ONNX Runtime as WebAssembly. @module */

import {
  adaptSession,
  type EngineOptions,
  type GraphSource,
  type LoadedGraph,
  quiet,
} from "./graph.ts";

/** ONNX Runtime for the web, whichever of its entries. */
type Ort = typeof import("onnxruntime-web");

/** Loads one graph to run as WebAssembly on the CPU. */
export async function loadWasm(graph: GraphSource, options: EngineOptions): Promise<LoadedGraph> {
  // The entry point without WebGPU: its .wasm file has 14 MB instead of 28.
  return await openWasm(await import("onnxruntime-web/wasm"), graph, options);
}

/** Opens one graph as WebAssembly with an entry of the package. */
export async function openWasm(
  ort: Ort,
  graph: GraphSource,
  options: EngineOptions,
): Promise<LoadedGraph> {
  return await open(ort, graph, options, {
    executionProviders: ["wasm"],
    // Threads that spin while they wait cost more than they save if other work runs at the same time.
    extra: { session: { intra_op: { allow_spinning: "0" } } },
  });
}

/** Loads one graph to run on `navigator.gpu`. */
export async function loadWebgpu(graph: GraphSource, options: EngineOptions): Promise<LoadedGraph> {
  // A worker from a file: URL has the origin "null", which this entry cannot parse as a base URL.
  if (globalThis.location?.origin === "null") {
    Object.defineProperty(globalThis, "location", { value: undefined, configurable: true });
  }
  // This entry starts its threads from blob: URLs, which Deno refuses; the GPU does the work anyway.
  const one = { ...options, threads: 1 };
  return await open(await import("onnxruntime-web/webgpu"), graph, one, {
    executionProviders: ["webgpu"],
  });
}

async function open(
  ort: Ort,
  { bytes }: GraphSource,
  { threads, wasmPaths }: EngineOptions,
  options: NonNullable<Parameters<Ort["InferenceSession"]["create"]>[1]>,
): Promise<LoadedGraph> {
  ort.env.logLevel = "fatal";
  ort.env.wasm.numThreads = threads;
  if (wasmPaths !== undefined) ort.env.wasm.wasmPaths = wasmPaths;
  const session = await ort.InferenceSession.create(bytes, { ...quiet, ...options });
  return adaptSession(session, ({ data, dims }) => new ort.Tensor("float32", data, dims));
}
