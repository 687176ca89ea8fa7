/** The effect of the scale of the noise: from one fixed image at 0 to the trained distribution at 1. @module */

import { metrics } from "../metrics.ts";
import type { Row } from "../record.ts";
import { summaryOf } from "../summary.ts";
import { show } from "../tables.ts";
import type { Finding, Part } from "./part.ts";
import { samplesOf, SEEDS } from "./samples.ts";
import type { Study } from "./study.ts";

const PLACES = [0, 0.25, 0.5, 0.7, 0.8, 0.9, 1];
const SHOWN = ["psnrY", "lpips", "lpipsSqueeze", "diversity"];

/** PSNR, LPIPS and diversity by temperature. */
export const temperaturePart: Part = { name: "temperature", run };

async function run(study: Study): Promise<Finding | undefined> {
  const found: [temperature: number, rows: Row[]][] = [];
  for (const temperature of PLACES) {
    const rows = await study.run({
      name: `temperature=${temperature} seeds=${SEEDS}`,
      images: study.images("temperature"),
      measure: (pair) => samplesOf(study, pair, { temperature }),
    });
    if (rows.length > 0) found.push([temperature, rows]);
  }
  return found.length === PLACES.length ? findingOf(found) : undefined;
}

function findingOf(found: readonly [temperature: number, rows: Row[]][]): Finding {
  const curve = found.map(([, rows]) => summaryOf(rows).figures);
  const shown = metrics.filter(({ key }) => SHOWN.includes(key) && key in curve[0]);
  const spread = curve.map(({ diversity }) => diversity.mean);
  return {
    title: "Temperature",
    how:
      `The noise times the temperature, seeds 0 to ${SEEDS - 1}, ${
        found[0][1].length
      } images; ± is the half ` +
      "width of the 95 % interval of the set's mean over the seeds.",
    head: ["temperature", ...shown.map(({ title }) => title)],
    rows: curve.map((figures, i) => [
      `${found[i][0]}`,
      ...shown.map(({ key, digits }) => show(figures[key], digits)),
    ]),
    promises: [
      { text: "temperature 0 gives one image whatever the seed", kept: spread[0] === 0 },
      {
        text: "diversity rises with the temperature",
        kept: spread.every((value, i) => i === 0 || value > spread[i - 1]),
      },
    ],
  };
}
