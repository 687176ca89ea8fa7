/** The thread that graphs run in. @module */

import type { Tensor } from "../tensor/tensor.ts";
import type { EngineOptions, GraphSource, LoadedGraph, Signature } from "./graph.ts";
import type { Provider } from "./session.ts";
import { thisThread } from "./thread.ts";

/** What the worker is asked: first to open all graphs, then to run them, at last to end itself. */
export type Request =
  | { kind: "open"; provider: Provider; graphs: readonly GraphSource[]; options: EngineOptions }
  | { kind: "run"; graph: string; inputs: Record<string, Tensor> }
  | { kind: "close" };

/** What it answers. */
export type Reply =
  | { kind: "opened"; signatures: Record<string, Signature> }
  | { kind: "outputs"; outputs: Record<string, Tensor> }
  | { kind: "failed"; reason: string };

/** Opens one graph on one provider. */
export type OpenGraph = (graph: GraphSource, options: EngineOptions) => Promise<LoadedGraph>;

/** Makes this thread answer one {@linkcode Request} after the other. */
export function serveGraphs(openers: Partial<Record<Provider, OpenGraph>>): void {
  const graphs = new Map<string, LoadedGraph>();

  async function answer(request: Exclude<Request, { kind: "close" }>): Promise<Reply> {
    if (request.kind === "run") {
      return { kind: "outputs", outputs: await graphs.get(request.graph)!.run(request.inputs) };
    }
    const open = openers[request.provider];
    if (!open) throw new Error(`this worker has no ${request.provider}`);
    const signatures: Record<string, Signature> = {};
    for (const graph of request.graphs) {
      const opened = await open(graph, request.options);
      graphs.set(graph.name, opened);
      signatures[graph.name] = opened.signature;
    }
    return { kind: "opened", signatures };
  }

  const port = thisThread<Reply, Request>();
  port.listen(async (request) => {
    if (request.kind === "close") return port.close();
    const reply = await answer(request).catch((error) => (
      { kind: "failed", reason: error instanceof Error ? error.message : `${error}` } as const
    ));
    const transfer = reply.kind === "outputs"
      ? Object.values(reply.outputs).map((output) => output.data.buffer as ArrayBuffer)
      : [];
    port.post(reply, transfer);
  });
}
