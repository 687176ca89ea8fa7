/** The thread that graphs run in: answers one {@linkcode Request} at a time. @module */

import type { Tensor } from "../tensor/tensor.ts";
import type { EngineOptions, GraphSource, LoadedGraph, Signature } from "./graph.ts";
import { loadNative } from "./ort_node.ts";
import { loadWasm, loadWebgpu } from "./ort_web.ts";
import type { Provider } from "./session.ts";

/** What the worker is asked: first to load all graphs, then to run them. */
export type Request =
  | { kind: "load"; provider: Provider; graphs: readonly GraphSource[]; options: EngineOptions }
  | { kind: "run"; graph: string; inputs: Record<string, Tensor> };

/** What it answers. */
export type Reply =
  | { kind: "loaded"; signatures: Record<string, Signature> }
  | { kind: "outputs"; outputs: Record<string, Tensor> }
  | { kind: "failed"; reason: string };

const loaders = { webgpu: loadWebgpu, native: loadNative, wasm: loadWasm };
const loaded: Record<string, LoadedGraph> = {};

async function answer(request: Request): Promise<Reply> {
  if (request.kind === "run") {
    return { kind: "outputs", outputs: await loaded[request.graph].run(request.inputs) };
  }
  const signatures: Record<string, Signature> = {};
  for (const graph of request.graphs) {
    loaded[graph.name] = await loaders[request.provider](graph, request.options);
    signatures[graph.name] = loaded[graph.name].signature;
  }
  return { kind: "loaded", signatures };
}

self.onmessage = async ({ data }: MessageEvent<Request>) => {
  let reply: Reply;
  try {
    reply = await answer(data);
  } catch (error) {
    reply = { kind: "failed", reason: error instanceof Error ? error.message : String(error) };
  }
  const transfer = reply.kind === "outputs"
    ? Object.values(reply.outputs).map((output) => output.data.buffer as ArrayBuffer)
    : [];
  self.postMessage(reply, { transfer });
};
