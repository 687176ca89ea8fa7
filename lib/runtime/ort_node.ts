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

/** Loads the native library: late, since it is missing on some machines and refused without ffi. */
export async function importNative(): Promise<typeof import("onnxruntime-node")> {
  return await import("onnxruntime-node");
}

/** Loads one graph; needs `--allow-ffi` in Deno. */
export async function loadNative(
  graph: GraphSource,
  { threads }: EngineOptions,
): Promise<LoadedGraph> {
  const ort = await importNative();
  ort.env.logLevel = "fatal";
  const session = await ort.InferenceSession.create(graph.bytes, sessionOptions(threads, graph));
  return adaptSession(
    session,
    ({ data, dims }) => new ort.Tensor("float32", data, dims),
  );
}

/** How sessions are opened, for a number of threads of the CPU. */
export function sessionOptions(threads: number, { isBrief }: Pick<GraphSource, "isBrief"> = {}) {
  return {
    ...quiet,
    intraOpNumThreads: threads,
    interOpNumThreads: 1,
    // Operators reuse memory through an arena, one for each graph. Without it, aligned blocks leave holes in glibc's heap that
    // the next ones of the same size do not fit: 160 to 400 MB for an encoder that needs 30, and differently in each run. Fresh
    // memory for each block would take twice the time.
    // A graph that runs once per image has no arena: that saves 24 MB for an image of 320x240, and costs 10 ms.
    // Patterns would keep a block for every image size so far, gigabytes in all.
    enableCpuMemArena: !isBrief,
    enableMemPattern: false,
    // Threads wait for the next operator in a loop, which is fastest. After a run they would go on for some 30 ms, and take a
    // core from the next graph, whose threads are its own, and from everything else.
    extra: { session: { force_spinning_stop: "1" } },
  };
}
