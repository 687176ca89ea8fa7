/**
 * The provider `native`: ONNX Runtime as native code.
 *
 * `deno.json` pins it below 1.29, which began to report its use over the network and to keep an id
 * of the machine, past all permissions of Deno.
 *
 * @module
 */

import {
  adaptSession,
  type EngineOptions,
  type GraphSource,
  type LoadedGraph,
  quiet,
} from "./graph.ts";

/** Loads one graph; needs `--allow-ffi` in Deno. */
export async function loadNative(
  graph: GraphSource,
  { threads }: EngineOptions,
): Promise<LoadedGraph> {
  // Late, since the native library is missing on some machines and refused without ffi.
  const ort = await import("onnxruntime-node");
  ort.env.logLevel = "fatal";
  const session = await ort.InferenceSession.create(graph.bytes, {
    ...quiet,
    intraOpNumThreads: threads,
    interOpNumThreads: 1,
    // Operators pass memory on to one another through the arena: fresh memory for each takes longer, and nearly twice
    // as much of it. Patterns would keep a block for every image size that there was, gigabytes of them.
    enableCpuMemArena: true,
    enableMemPattern: false,
  });
  return adaptSession(
    session,
    ({ data, dims }) => new ort.Tensor("float32", data, dims),
  );
}
