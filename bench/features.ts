/** Features of results for FID and the Inception Score, kept beside the results file. @module */

import type { Image } from "../lib/image/image.ts";
import {
  type FeatureNetwork,
  frechetDistance,
  gaussianOf,
  inceptionScore,
  openFeatures,
  stacked,
} from "../lib/metrics/mod.ts";
import { exists, writeWhole } from "./files.ts";
import { cropPath } from "./gallery.ts";
import type { Source } from "./protocols.ts";
import type { BenchRecord, SetFigures, SetRecord } from "./record.ts";

/** Splits of the Inception Score, as in papers; one split if each of ten would have under ten images. */
const SPLITS = 10;

/** Receives every result once. */
export interface Observer extends AsyncDisposable {
  /** Keeps the features of a result, and those of its truth if they are not kept yet. */
  observe(set: SetRecord, pair: Source, method: string, result: Image): Promise<void>;
  /** Whether the features of a result are kept; true for sets without a truth. */
  observed(set: SetRecord, image: string, method: string): Promise<boolean>;
}

/**
 * Opens a feature graph.
 *
 * @param file The ONNX file.
 * @param folder Where the features are kept.
 */
export async function openObserver(file: string, folder: string): Promise<Observer> {
  const network = await openFeatures(await Deno.readFile(file));
  return {
    async observe(set, pair, method, result) {
      if (!pair.truth) return;
      const truth = featurePath(folder, set.key, pair.name, "truth");
      if (!await exists(truth)) await keep(network, truth, pair.truth);
      await keep(network, featurePath(folder, set.key, pair.name, method), result);
    },
    observed: async (set, image, method) =>
      set.isReal || await exists(featurePath(folder, set.key, image, method)),
    [Symbol.asyncDispose]: () => network[Symbol.asyncDispose](),
  };
}

/** Writes float32 values: the numbers of features and of probabilities, the features, the probabilities. */
async function keep(network: FeatureNetwork, path: string, image: Image): Promise<void> {
  const { features, probabilities = new Float32Array() } = await network.features(image);
  const head = [features.length, probabilities.length];
  const values = Float32Array.of(...head, ...features, ...probabilities);
  await writeWhole(path, new Uint8Array(values.buffer));
}

function featurePath(folder: string, set: string, image: string, method: string): string {
  return cropPath(folder, set, image, method).replace(/jpg$/, "f32");
}

/** FID against the truths and Inception Score of every method, on the sets of which all features are kept. */
export async function wholeFigures(record: BenchRecord, folder: string): Promise<SetFigures[]> {
  const found: SetFigures[] = [];
  for (const { key } of record.sets) {
    const images = [
      ...new Set(record.rows.filter((row) => row.set === key).map((row) => row.image)),
    ];
    const truth = await readAll(images.map((image) => featurePath(folder, key, image, "truth")));
    if (!truth || images.length < 2) continue;
    const reference = gaussianOf(stacked(truth.features));
    for (const { name } of record.methods) {
      const own = await readAll(images.map((image) => featurePath(folder, key, image, name)));
      if (!own) continue;
      const fid = frechetDistance(gaussianOf(stacked(own.features)), reference);
      found.push({ method: name, set: key, figures: { FID: fid, ...scoreOf(own.probabilities) } });
    }
  }
  return found;
}

function scoreOf(probabilities: readonly Float32Array[]): Record<string, number> {
  if (probabilities[0].length === 0) return {};
  const splits = probabilities.length >= 10 * SPLITS ? SPLITS : 1;
  return { IS: inceptionScore(stacked(probabilities), splits).mean };
}

/** The kept features of all images; undefined if any is missing. */
async function readAll(paths: readonly string[]) {
  const features: Float32Array[] = [], probabilities: Float32Array[] = [];
  for (const path of paths) {
    if (!await exists(path)) return undefined;
    const values = new Float32Array((await Deno.readFile(path)).buffer);
    features.push(values.subarray(2, 2 + values[0]));
    probabilities.push(values.subarray(2 + values[0]));
  }
  return { features, probabilities };
}
