/** Guards against black and wrong images: a provider must reproduce the recorded run. @module */

import { sha256Of } from "../sha256.ts";
import { allFinite } from "../tensor/linear.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { readTensors, withPrefix } from "./fixture.ts";
import type { GraphSource } from "./graph.ts";
import { rangesOf } from "./range.ts";
import type { Provider } from "./session.ts";

/** Largest error allowed on the CPU, as a fraction of the recorded output's range. */
const tolerances = { fp32: 1e-3, fp16: 1e-2, int8: 5e-2 } as const;

/** Factor of the error allowed on GPUs, which add in another order, some with fewer bits. */
const slack: Readonly<Record<Provider, number>> = { webgpu: 3, native: 1, wasm: 1 };

/** Pairs of provider and model that have passed in this process. */
const passed = new Set<string>();

/** Runs one graph. */
type RunGraph = (graph: string, inputs: Record<string, Tensor>) => Promise<Record<string, Tensor>>;

/** A provider and graphs to check. */
interface Candidate {
  /** The provider that runs the graphs. */
  provider: Provider;
  /** The graphs. */
  graphs: readonly GraphSource[];
  /** Whether the provider converts them to fp16. */
  half?: boolean;
  /** A safetensors file with `<graph>/in/<input>` and `<graph>/out/<output>`. */
  fixture: Uint8Array;
}

/**
 * Begins to check graphs, which are hashed while they are opened.
 *
 * @returns Runs each graph on its recorded input, once per process for the same graphs on one provider, and throws if an
 * output is not finite, is constant, or is far from the recorded one.
 */
export function selfCheckOf(
  { provider, graphs, fixture, half }: Candidate,
): (run: RunGraph) => Promise<void> {
  const files = [...graphs.map((graph) => graph.bytes), fixture];
  const hashes = Promise.all(files.map(sha256Of));
  return async (run) => {
    const key = [provider, half, ...await hashes].join();
    if (passed.has(key)) return;
    const recorded = readTensors(fixture);
    for (const { name, precision = "fp32" } of graphs) {
      const wanted = withPrefix(recorded, `${name}/out/`);
      if (Object.keys(wanted).length === 0) throw new Error(`the fixture has no "${name}/out/..."`);
      const got = await run(name, withPrefix(recorded, `${name}/in/`));
      for (const output of Object.keys(wanted)) {
        const tolerance = tolerances[half ? "fp16" : precision] * slack[provider];
        const fault = compare(got[output], wanted[output], tolerance);
        if (fault) throw new Error(`self-check: output "${output}" of "${name}" ${fault}`);
      }
    }
    passed.add(key);
  };
}

/** The fault of an output, or undefined. */
export function compare(
  got: Tensor | undefined,
  wanted: Tensor,
  tolerance: number,
): string | undefined {
  if (!got) return "is missing";
  if (`${got.dims}` !== `${wanted.dims}`) return `is [${got.dims}], recorded [${wanted.dims}]`;
  if (!allFinite(got)) return "is not finite";
  const range = spread(wanted);
  if (range > 0 && spread(got) === 0) return "is constant";
  const error = got.data.reduce((most, v, i) => Math.max(most, Math.abs(v - wanted.data[i])), 0);
  const relative = error / (range || 1);
  if (relative <= tolerance) return undefined;
  return `is off by ${relative.toPrecision(2)} of its range, allowed ${tolerance}`;
}

function spread({ data }: Tensor): number {
  const [{ least, most }] = rangesOf(data, 1);
  return most - least;
}
