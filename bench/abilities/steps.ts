/** The quality and the cost of each number of steps. @module */

import process from "node:process";
import { resizeImage } from "../../mod.ts";
import { metrics } from "../metrics.ts";
import type { Row } from "../record.ts";
import { mean, paired } from "../statistics.ts";
import { summaryOf } from "../summary.ts";
import { show } from "../tables.ts";
import type { Finding, Part } from "./part.ts";
import { samplesOf, SEEDS } from "./samples.ts";
import type { Study } from "./study.ts";

/** Size of the input that papers time. */
const TIMED = { width: 320, height: 270 };
/** The most steps that are timed: the time of more grows in proportion. */
const MOST_TIMED = 25;
/** Numbers of steps, and on how many images each is measured by default. */
const COUNTS: readonly (readonly [steps: number, images: number])[] = [
  [1, Infinity],
  [2, Infinity],
  [4, Infinity],
  [8, Infinity],
  [25, 20],
  [100, 5],
];
const SHOWN = ["psnrY", "lpips", "lpipsSqueeze", "lrPsnr", "diversity", "gainOfMean"];

/** Quality, diversity and time by number of steps. */
export const stepsPart: Part = { name: "steps", run };

async function run(study: Study): Promise<Finding | undefined> {
  const most = study.upscaler.card.steps?.max ?? 0; // a flow takes no steps
  const shown = metrics.filter(({ key }) => SHOWN.includes(key));
  const rows: string[][] = [], found = new Map<number, Row[]>();
  for (const [steps, normally] of COUNTS) {
    const images = study.images(`steps:${steps}`, normally);
    if (steps > most || images === 0) continue;
    const measured = await study.run({
      name: `steps=${steps} seeds=${SEEDS}`,
      images,
      measure: (pair) => samplesOf(study, pair, { steps }),
    });
    const time = steps > MOST_TIMED ? undefined : await timeOf(study, steps);
    if (measured.length === 0) continue;
    found.set(steps, measured);
    const { figures } = summaryOf(measured);
    rows.push([
      `${steps}`,
      `${measured.length}`,
      ...shown.map(({ key, digits }) => show(figures[key], digits)),
      ...["seconds", "processor"].map((key) => time?.together[key].toFixed(1) ?? ""),
    ]);
  }
  if (rows.length === 0) return undefined;
  const titles = shown.map(({ title }) => title);
  const enough = found.size > 1 ? fewestSteps(found) : undefined;
  return {
    title: "Number of steps",
    how:
      `Seeds 0 to ${
        SEEDS - 1
      }; ± is the half width of the 95 % interval of the set's mean over the seeds. The ` +
      `last columns are for one input of ${TIMED.width}x${TIMED.height}: wall time under the load of that ` +
      "moment, and CPU time of all cores, which depends little on the load." +
      (enough === undefined ? "" : ` The default is ${enough}: no larger number of steps has a ` +
        "lower LPIPS by the paired 95 % interval over the images."),
    head: ["steps", "images", ...titles, "s", "processor s"],
    rows,
    promises: [],
    stepsDefault: enough,
  };
}

/**
 * The fewest steps that are not measurably worse than any larger number: LPIPS image by image, on the images that
 * both have, with the 95 % interval.
 */
export function fewestSteps(found: ReadonlyMap<number, readonly Row[]>): number {
  const counts = [...found.keys()].sort((a, b) => a - b);
  return counts.find((steps) =>
    counts.every((more) => {
      if (more <= steps) return true;
      const { mean, half } = gain(found.get(more)!, found.get(steps)!);
      return !(mean + half < 0);
    })
  )!;
}

/** Differences of LPIPS on the images that both have. */
function gain(more: readonly Row[], fewer: readonly Row[]) {
  const lpips = ({ samples }: Row) => mean(samples.map(({ figures }) => figures.lpips));
  const pairs = more.flatMap((row) => {
    const other = fewer.find(({ image }) => image === row.image);
    return other ? [[lpips(row), lpips(other)]] : [];
  });
  return paired(pairs.map(([a]) => a), pairs.map(([, b]) => b));
}

/** One run on a photograph of the size, after a run that warms up. */
function timeOf({ upscaler, signal, pairs, keep }: Study, steps: number) {
  return keep(`time steps=${steps}`, `${TIMED.width}x${TIMED.height}`, async () => {
    const source = resizeImage(pairs[0].truth, TIMED);
    await upscaler.upscale(source, { seed: 0, steps: 1, signal });
    const start = performance.now(), used = process.cpuUsage();
    await upscaler.upscale(source, { seed: 0, steps, signal });
    const { user, system } = process.cpuUsage(used);
    const seconds = (performance.now() - start) / 1000;
    return { samples: [], together: { seconds, processor: (user + system) / 1e6 } };
  });
}
