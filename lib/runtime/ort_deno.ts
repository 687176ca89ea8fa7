/** The provider `wasm` outside of a page. @module */

import type { EngineOptions, GraphSource, LoadedGraph } from "./graph.ts";
import { openWasm } from "./ort_web.ts";

/** Loads one graph to run as WebAssembly on the CPU. */
export async function loadWasmOnServer(
  graph: GraphSource,
  options: EngineOptions,
): Promise<LoadedGraph> {
  // The package's root entry: the only one whose threads start in Deno.
  const ort = await import("onnxruntime-web");
  const restore = startLarge(options.threads);
  try {
    return await openWasm(ort, graph, options);
  } finally {
    restore();
  }
}

/**
 * Makes shared memory start with 1 GiB, which takes real memory only as it is used: when it grows
 * under several running threads, Deno 2.9 hangs in three runs of four.
 *
 * @returns Ends the replacement.
 */
function startLarge(threads: number): () => void {
  const { Memory } = WebAssembly;
  if (threads > 1 && "Deno" in globalThis) {
    WebAssembly.Memory = new Proxy(Memory, {
      construct: (_, [type]) => new Memory({ ...type, initial: Math.max(type.initial, 16384) }),
    });
  }
  return () => void (WebAssembly.Memory = Memory);
}
