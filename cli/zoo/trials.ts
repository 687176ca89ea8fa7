/** Runs an entry on each available provider and compares the results. @module */

import type {
  FetchOptions,
  Image,
  ModelCard,
  Provider,
  UpscaleOptions,
  Upscaler,
} from "../../mod.ts";
import { load, loadGenerator, ProviderError, UnsupportedError } from "../../mod.ts";
import { whyNoGpu } from "../../lib/runtime/adapter.ts";
import { readTensors } from "../../lib/runtime/fixture.ts";
import { openSessions } from "../../lib/runtime/providers.ts";
import type { Tensor } from "../../lib/tensor/tensor.ts";
import { fetchFixture, fetchGraph } from "../../lib/zoo/mod.ts";

/** The trial of one provider. */
export interface Verdict {
  /** Its name; "none" for an entry without networks. */
  provider: Provider | "none";
  /** What it made, such as `2 images of 148x92`, or why it was not tried. */
  result: string;
  /** Whether it made images. */
  works: boolean;
  /** Largest and mean difference from the first provider's images, of 255; absent for the first. */
  difference?: Difference;
  /**
   * By graph, the largest difference of its outputs on the recorded inputs from those of the first provider,
   * as a fraction of their range; absent for the first provider and without a recorded run.
   */
  graphs?: Record<string, number>;
}

/** Difference of two images, of 255. */
interface Difference {
  most: number;
  mean: number;
}

/** The results of one provider. */
interface Trial {
  provider: Provider | "none";
  /** Images by their options. */
  images: Record<string, Image>;
  /** Outputs on the recorded inputs, by graph and name. */
  outputs: Record<string, Record<string, Tensor>>;
}

/** Largest mean difference of two providers' images, of 255, that rounding can explain. */
const TOLERANCE = 1;

/**
 * Compares every file of an entry with its card, runs its graphs on every available provider, and compares the
 * results.
 *
 * @throws {Error} If a file differs from the card, no provider runs the entry, or two of them disagree.
 */
export async function tryProviders(card: ModelCard, options: FetchOptions): Promise<Verdict[]> {
  const verdicts: Verdict[] = [];
  const reasons: string[] = [];
  let first: Trial | undefined;
  for (const provider of ["native", "wasm", "webgpu"] as const) {
    // A software GPU takes minutes where the CPU takes seconds.
    const missing = provider === "webgpu" ? await whyNoGpu(false) : undefined;
    const trial = missing ?? await tryOne(card, { ...options, provider });
    if (typeof trial === "string") {
      if (missing === undefined) reasons.push(`${provider}: ${trial}`);
      verdicts.push({ provider, result: trial, works: false });
      continue;
    }
    verdicts.push({ ...verdictOf(trial), ...first && comparisonOf(card, first, trial) });
    first ??= trial;
    // Without a network there is nothing to run on another provider.
    if (trial.provider === "none") break;
  }
  if (first) return verdicts;
  throw new Error(
    `Cannot accept ${card.id}: no provider here runs it (${
      reasons.join("; ")
    }). Export its graphs again ` +
      "with operators that ONNX Runtime has, and record their run with the same weights",
  );
}

/** The results of one provider, or why there are none. */
async function tryOne(
  card: ModelCard,
  options: FetchOptions & { provider: Provider },
): Promise<Trial | string> {
  try {
    return { ...await imagesOf(card, options), outputs: await outputsOf(card, options) };
  } catch (error) {
    if (!(error instanceof ProviderError)) throw error;
    return error.tried.map(({ reason }) => reason).join("; ");
  }
}

function verdictOf({ provider, images }: Trial): Verdict {
  const all = Object.values(images);
  const [{ width, height }] = all;
  const made = all.length === 1
    ? `${width}x${height}`
    : `${all.length} images of ${width}x${height}`;
  return { provider, result: made, works: true };
}

function comparisonOf(card: ModelCard, first: Trial, trial: Trial): Partial<Verdict> {
  const difference = { most: 0, mean: 0 };
  for (const [label, image] of Object.entries(trial.images)) {
    const { most, mean } = differenceOf(first.images[label], image);
    if (mean > TOLERANCE) {
      throw new Error(
        `Cannot accept ${card.id}: ${trial.provider} makes another image than ${first.provider} (${label}), ` +
          `${
            mean.toFixed(2)
          } of 255 on average, at most ${most}. Export the graphs in fp32, and without ` +
          `operators whose result depends on the order of sums`,
      );
    }
    difference.most = Math.max(difference.most, most);
    difference.mean = Math.max(difference.mean, mean);
  }
  const graphs = Object.entries(trial.outputs).map(([graph, outputs]) => [
    graph,
    Math.max(
      ...Object.entries(outputs).map(([name, output]) =>
        distanceOf(first.outputs[graph][name], output)
      ),
    ),
  ]);
  return { difference, ...graphs.length > 0 && { graphs: Object.fromEntries(graphs) } };
}

/** Runs every graph on its recorded input. */
async function outputsOf(
  card: ModelCard,
  options: FetchOptions & { provider: Provider },
): Promise<Trial["outputs"]> {
  const fixture = await fetchFixture(card, options);
  if (!fixture) return {};
  const recorded = readTensors(fixture);
  const names = Object.keys(card.graphs);
  const graphs = await Promise.all(names.map(async (name) => ({
    name,
    bytes: await fetchGraph(card, name, options),
    precision: card.graphs[name].precision,
  })));
  await using opened = await openSessions(graphs, options);
  const outputs: Trial["outputs"] = {};
  for (const name of names) {
    const prefix = `${name}/in/`;
    const inputs = Object.entries(recorded).filter(([key]) => key.startsWith(prefix));
    outputs[name] = await opened.sessions[name].run(
      Object.fromEntries(inputs.map(([key, value]) => [key.slice(prefix.length), value])),
      { signal: options.signal },
    );
  }
  return outputs;
}

/** Images of the entry with a fixed seed, one for each graph that makes images. */
async function imagesOf(
  card: ModelCard,
  options: FetchOptions & { provider: Provider },
): Promise<Omit<Trial, "outputs">> {
  const { signal } = options;
  // An entry that load() refuses is unconditional, or loadGenerator() refuses it too.
  await using upscaler = await load(card, options).catch((error) => {
    if (error instanceof UnsupportedError) return undefined;
    throw error;
  });
  const images: Trial["images"] = {};
  if (upscaler) {
    const source = ramp(37, 23);
    for (const [label, choices] of variantsOf(upscaler)) {
      const { images: [image] } = await upscaler.upscale(source, { ...choices, signal });
      images[label] = checked(card, image, source);
    }
    await upscaler.encode?.(source, Object.values(images)[0], { signal });
    return { images, provider: upscaler.provider };
  }
  await using generator = await loadGenerator(card, options);
  const { images: [image], provider } = await generator.generate({
    ...{ width: 32, height: 32, seed: 0, signal },
  });
  return { images: { default: image }, provider };
}

/** Options that together run every graph: the defaults, the fewest steps of each graph, and the damage. */
function variantsOf({ card, generative }: Upscaler): [string, UpscaleOptions][] {
  const seed = generative ? { seed: 0 } : {};
  const variants: [string, UpscaleOptions][] = [["default", seed]];
  const seen = new Set<string>();
  const trained = card.steps?.trained.toSorted((a, b) => a.steps - b.steps) ?? [];
  for (const { steps, graph } of trained) {
    if (!seen.has(graph)) variants.push([`steps=${steps}`, { ...seed, steps }]);
    seen.add(graph);
  }
  if (card.restore && card.graphs.damage) {
    variants.push(["restore=auto", { ...seed, restore: "auto" }]);
  }
  return variants;
}

function checked(card: ModelCard, image: Image, source: Image): Image {
  const [width, height] = [source.width * card.scale, source.height * card.scale];
  if (image.width === width && image.height === height) return image;
  throw new Error(
    `Cannot accept ${card.id}: it makes ${image.width}x${image.height} of ` +
      `${source.width}x${source.height}, not ${width}x${height}. Correct "scale" in its model.yml`,
  );
}

/** An image with prime sides. */
function ramp(width: number, height: number): Image {
  const data = new Uint8ClampedArray(4 * width * height).map((_, i) => i % 4 === 3 ? 255 : i % 251);
  return { width, height, data, channels: 3 };
}

function differenceOf(a: Image, b: Image): Difference {
  let most = 0;
  let sum = 0;
  for (const [i, value] of a.data.entries()) {
    const difference = Math.abs(value - b.data[i]);
    most = Math.max(most, difference);
    sum += difference;
  }
  return { most, mean: sum / a.data.length };
}

/** Largest difference of two tensors, as a fraction of the range of the first. */
function distanceOf(wanted: Tensor, got: Tensor): number {
  let [least, most, error] = [Infinity, -Infinity, 0];
  for (const [i, value] of wanted.data.entries()) {
    least = Math.min(least, value);
    most = Math.max(most, value);
    error = Math.max(error, Math.abs(value - got.data[i]));
  }
  return error / (most - least || 1);
}
