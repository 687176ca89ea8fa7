/** Does the path from one seed to another lead steadily away from its start? @module */

import { type Image, interpolateSeeds } from "../../mod.ts";
import { squaredError } from "../../lib/metrics/mod.ts";
import type { Row } from "../record.ts";
import { mean } from "../statistics.ts";
import type { Finding, Part } from "./part.ts";
import type { Study } from "./study.ts";

const PLACES = Array.from({ length: 9 }, (_, i) => i / 8);
const SEEDS: readonly (readonly [from: number, to: number])[] = [[0, 1], [2, 3], [4, 5]];

/** Distance to the first image along `interpolateSeeds()`. */
export const interpolationPart: Part = { name: "interpolation", run };

async function run(study: Study): Promise<Finding | undefined> {
  const rows = await study.run({
    name: `interpolation seeds=${SEEDS.map((pair) => pair.join("-"))}`,
    images: study.images("interpolation", 10),
    async measure({ low }) {
      const samples = [];
      for (const [from, to] of SEEDS) {
        const path: Image[] = [];
        for (const t of PLACES) {
          const options = { from, to, t, signal: study.signal };
          path.push(await interpolateSeeds(study.upscaler, low, options));
        }
        const distances = path.map((image) => Math.sqrt(squaredError(image, path[0])));
        const figures = Object.fromEntries(
          distances.map((distance, i) => [`${PLACES[i]}`, distance]),
        );
        samples.push({ seed: from, figures });
      }
      return { samples, together: {} };
    },
  });
  return rows.length > 0 ? findingOf(rows) : undefined;
}

/** Differences of each distance from the one before it. */
export function rises(distances: readonly number[]): number[] {
  return distances.slice(1).map((distance, i) => distance - distances[i]);
}

function findingOf(rows: readonly Row[]): Finding {
  const paths = rows.flatMap(({ samples }) =>
    samples.map(({ figures }) => PLACES.map((t) => figures[t]))
  );
  const least = Math.min(...paths.flatMap(rises));
  const falling = paths.filter((path) => rises(path).some((rise) => rise < 0)).length;
  return {
    title: "Interpolation between seeds",
    how:
      "Root mean square difference, in bytes, of the image at t of `interpolateSeeds()` from that at 0; mean " +
      `over ${rows.length} images and the seeds ${
        SEEDS.map((pair) => pair.join(" to ")).join(", ")
      }.`,
    head: ["t", ...PLACES.map(String)],
    rows: [["distance", ...PLACES.map((_, i) => mean(paths.map((path) => path[i])).toFixed(2))]],
    promises: [{
      text: `the distance never falls: it does on ${falling} of ${paths.length} paths, ` +
        `the smallest rise of a step is ${least.toFixed(3)}`,
      kept: falling === 0,
    }],
  };
}
