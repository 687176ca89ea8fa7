/** Do samples differ where they are wrong? @module */

import { diversity, errorCorrelation, gainOfMean } from "../../lib/metrics/mod.ts";
import type { Row } from "../record.ts";
import { estimate } from "../statistics.ts";
import { show } from "../tables.ts";
import type { Finding, Part } from "./part.ts";
import type { Study } from "./study.ts";

const SAMPLES = 5;

/** The lowest rank correlation that is promised. */
const LEAST = 0.3;

/** Rank correlation of the map of `uncertainty()` with the error. */
export const uncertaintyPart: Part = { name: "uncertainty", run };

async function run(study: Study): Promise<Finding | undefined> {
  const { upscaler, signal } = study;
  const rows = await study.run({
    name: `uncertainty samples=${SAMPLES}`,
    images: study.images("uncertainty"),
    async measure({ low, truth }) {
      const { images } = await upscaler.upscale(low, { seed: 0, samples: SAMPLES, signal });
      const together = {
        map: errorCorrelation(images, truth),
        alone: errorCorrelation(images, truth, { window: 0 }),
        diversity: diversity(images),
        gainOfMean: gainOfMean(images, truth),
      };
      return { samples: [], together };
    },
  });
  return rows.length > 0 ? findingOf(rows) : undefined;
}

function findingOf(rows: readonly Row[]): Finding {
  const values = (key: string) => rows.map(({ together }) => together[key]);
  const map = estimate(values("map"));
  return {
    title: "Uncertainty",
    how:
      "Rank correlation (Spearman's rho over the pixels of an image) of the map of `uncertainty()` with the " +
      "absolute error of the mean at the pixel, and the same where the map treats every pixel alone " +
      `(\`window: 0\`). ${SAMPLES} samples of seed 0; mean over the images with its 95 % interval.`,
    head: ["images", "rank corr.", "every pixel alone", "diversity /255", "mean gains dB"],
    rows: [[
      `${rows.length}`,
      show(map, 3),
      show(estimate(values("alone")), 3),
      show(estimate(values("diversity")), 2),
      show(estimate(values("gainOfMean")), 2),
    ]],
    promises: [{
      text: `rank correlation at least ${LEAST}: ${map.mean.toFixed(3)}`,
      kept: map.mean >= LEAST,
    }],
  };
}
