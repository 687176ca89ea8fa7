/** Answers the requests to the thread of the graphs. @module */

import type { Tensor } from "../tensor/tensor.ts";
import type { Answer, Desk } from "../thread.ts";
import type { EngineOptions, GraphSource, LoadedGraph, Signature } from "./graph.ts";
import type { Provider } from "./session.ts";

/** Requests to the worker: first to open all graphs, then to run them. */
export type Request =
  | { kind: "open"; provider: Provider; graphs: readonly GraphSource[]; options: EngineOptions }
  | { kind: "run"; graph: string; inputs: Record<string, Tensor> };

/** Its replies. */
export type Reply =
  | { kind: "opened"; signatures: Record<string, Signature> }
  | { kind: "outputs"; outputs: Record<string, Tensor> };

/** Opens one graph on one provider. */
export type OpenGraph = (graph: GraphSource, options: EngineOptions) => Promise<LoadedGraph>;

/** The desk of the graphs, which it holds once they are opened. */
export function graphDesk(openers: Partial<Record<Provider, OpenGraph>>): Desk<Request, Reply> {
  const graphs = new Map<string, LoadedGraph>();
  return {
    async open({ provider, graphs: sources, options }): Promise<Answer<Reply>> {
      const open = openers[provider];
      if (!open) throw new Error(`this worker has no ${provider}`);
      const signatures: Record<string, Signature> = {};
      for (const graph of sources) {
        const opened = await open(graph, options);
        graphs.set(graph.name, opened);
        signatures[graph.name] = opened.signature;
      }
      return { reply: { kind: "opened", signatures } };
    },
    async run({ graph, inputs }): Promise<Answer<Reply>> {
      const outputs = await graphs.get(graph)!.run(inputs);
      const transfer = Object.values(outputs).map(({ data }) => data.buffer as ArrayBuffer);
      return { reply: { kind: "outputs", outputs }, transfer };
    },
  };
}
