/** The providers `wasm` and `webgpu`: ONNX Runtime as WebAssembly. @module */

import {
  adaptSession,
  type EngineOptions,
  type GraphSource,
  type LoadedGraph,
  quiet,
} from "./graph.ts";

/** Loads one graph to run as WebAssembly on the CPU. */
export async function loadWasm(graph: GraphSource, options: EngineOptions): Promise<LoadedGraph> {
  // The package's root entry: the only one whose threads start in Deno.
  const ort = await import("onnxruntime-web");
  ort.env.logLevel = "fatal";
  ort.env.wasm.numThreads = options.threads;
  if (options.wasmPaths !== undefined) ort.env.wasm.wasmPaths = options.wasmPaths;
  using _memory = startLarge(options.threads);
  const session = await ort.InferenceSession.create(graph.bytes, {
    ...quiet,
    executionProviders: ["wasm"],
    // Threads that spin while they wait cost more than they save where other work runs beside.
    extra: { session: { intra_op: { allow_spinning: "0" } } },
  });
  return adaptSession(
    session,
    ({ data, dims }) => new ort.Tensor("float32", data, dims),
  );
}

/** Loads one graph to run on `navigator.gpu`. */
export async function loadWebgpu(graph: GraphSource, options: EngineOptions): Promise<LoadedGraph> {
  // A worker from a file: URL has the origin "null", which this entry cannot parse as a base URL.
  if (globalThis.location?.origin === "null") {
    Object.defineProperty(globalThis, "location", { value: undefined, configurable: true });
  }
  const ort = await import("onnxruntime-web/webgpu");
  ort.env.logLevel = "fatal";
  // This entry starts its threads from blob: URLs, which Deno refuses; the GPU does the work anyway.
  ort.env.wasm.numThreads = 1;
  if (options.wasmPaths !== undefined) ort.env.wasm.wasmPaths = options.wasmPaths;
  const session = await ort.InferenceSession.create(graph.bytes, {
    ...quiet,
    executionProviders: ["webgpu"],
  });
  return adaptSession(
    session,
    ({ data, dims }) => new ort.Tensor("float32", data, dims),
  );
}

/**
 * Lets shared memory start with 1 GiB, which takes real memory only as it is used: when it grows
 * under several running threads, Deno 2.9 hangs in three runs of four.
 */
function startLarge(threads: number): Disposable {
  const { Memory } = WebAssembly;
  if (threads > 1 && "Deno" in globalThis) {
    WebAssembly.Memory = new Proxy(Memory, {
      construct: (_, [type]) => new Memory({ ...type, initial: Math.max(type.initial, 16384) }),
    });
  }
  return { [Symbol.dispose]: () => void (WebAssembly.Memory = Memory) };
}
