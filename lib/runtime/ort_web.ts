/** ONNX Runtime as WebAssembly: the provider `wasm`, and what `webgpu` shares with it. @module */

import {
  adaptSession,
  type EngineOptions,
  type GraphSource,
  type LoadedGraph,
  quiet,
} from "./graph.ts";

/** ONNX Runtime for the web, whichever of its entries. */
type Ort = typeof import("onnxruntime-web");
/** A session of it. */
type OrtSession = Awaited<ReturnType<Ort["InferenceSession"]["create"]>>;

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
  const session = await openOrt(ort, graph, options, {
    executionProviders: ["wasm"],
    // Threads that spin while they wait cost more than they save if other work runs at the same time.
    extra: { session: { intra_op: { allow_spinning: "0" } } },
  });
  return adaptSession(session, ({ data, dims }) => new ort.Tensor("float32", data, dims));
}

/** Opens a session with an entry of the package. */
export async function openOrt(
  ort: Pick<Ort, "env" | "InferenceSession">,
  { bytes }: GraphSource,
  { threads, wasmPaths }: EngineOptions,
  options: NonNullable<Parameters<Ort["InferenceSession"]["create"]>[1]>,
): Promise<OrtSession> {
  ort.env.logLevel = "fatal";
  ort.env.wasm.numThreads = threads;
  if (wasmPaths !== undefined) ort.env.wasm.wasmPaths = wasmPaths;
  return await ort.InferenceSession.create(bytes, { ...quiet, ...options });
}
