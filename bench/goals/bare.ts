/** The graphs of an entry with nothing around them, as a baseline for the library's own time. @module */

import * as ort from "onnxruntime-node";
import { sessionOptions } from "../../lib/runtime/ort_node.ts";
import { resolveCard } from "../../lib/zoo/resolve.ts";
import { fetchGraph } from "../../lib/zoo/store.ts";
import { noise } from "../../lib/tensor/noise.ts";
import { sizeOf } from "../../lib/tensor/tensor.ts";

/** The graphs that one sample of one step runs, in order, by family. */
const CHAINS: Readonly<Record<string, readonly string[]>> = {
  regression: ["damage", "network"],
  srdiff: ["damage", "encoder", "denoiser"],
};

/** Graphs that are run one after the other. */
export interface BareGraphs extends AsyncDisposable {
  /** Runs all of them once on an image of these sizes. */
  run(width: number, height: number): Promise<void>;
}

/** Opens the graphs of an entry on the native provider, as the library does, on this thread. */
export async function openBare(id: string): Promise<BareGraphs> {
  const card = await resolveCard(id, {});
  const names = CHAINS[card.family].filter((name) => card.graphs[name]);
  const sessions = await Promise.all(
    names.map(async (name) =>
      await ort.InferenceSession.create(
        await fetchGraph(card, name),
        sessionOptions(navigator.hardwareConcurrency),
      )
    ),
  );
  return {
    async run(width, height) {
      const fed: Record<string, ort.Tensor> = {
        lr: tensorOf("lr", [1, 3, height, width]),
        x: tensorOf("x", [1, 3, height * card.scale, width * card.scale]),
        t: new ort.Tensor("float32", Float32Array.of(card.steps?.trained[0].timesteps[0] ?? 0)),
        restore: new ort.Tensor("float32", Float32Array.of(0.5)),
      };
      for (const session of sessions) {
        const feeds = session.inputNames.map((name) => [name, fed[name]]);
        Object.assign(fed, await session.run(Object.fromEntries(feeds)));
      }
    },
    async [Symbol.asyncDispose]() {
      for (const session of sessions) await session.release();
    },
  };
}

/** Inputs that were made before; the first run makes them, and its time does not count. */
const made = new Map<string, ort.Tensor>();

function tensorOf(name: string, dims: number[]): ort.Tensor {
  const key = `${name} ${dims}`;
  const values = () => noise({ seed: 0, sample: 0, draw: sizeOf(dims) }, dims).data;
  const tensor = made.get(key) ?? new ort.Tensor("float32", values(), dims);
  made.set(key, tensor);
  return tensor;
}
