/** The effect of the dial between least error and best perception. @module */

import { type Figures, figuresOf } from "../figures.ts";
import { metrics } from "../metrics.ts";
import type { Row } from "../record.ts";
import { mean } from "../statistics.ts";
import type { Finding, Part } from "./part.ts";
import type { Study } from "./study.ts";

const PLACES = [0, 0.25, 0.5, 0.75, 1];
const SHOWN = ["psnrY", "lpips", "lpipsSqueeze", "lrPsnr"];

/** PSNR and LPIPS along the dial `fidelity`. */
export const fidelityPart: Part = { name: "fidelity", run };

async function run(study: Study): Promise<Finding | undefined> {
  const { upscaler, signal, metricGraphs } = study;
  const rows = await study.run({
    name: `fidelity=${PLACES}`,
    images: study.images("fidelity"),
    async measure(pair) {
      const samples = [];
      for (const fidelity of PLACES) {
        const { images: [image] } = await upscaler.upscale(pair.low, { seed: 0, fidelity, signal });
        const figures = await figuresOf(image, pair, upscaler.card.scale, metricGraphs);
        samples.push({ seed: 0, figures: { fidelity, ...figures } });
      }
      return { samples, together: {} };
    },
  });
  return rows.length > 0 ? findingOf(rows) : undefined;
}

/** The value at `x` of the straight line through two points. */
export function onLine(
  x: number,
  [x0, y0]: readonly [number, number],
  [x1, y1]: readonly [number, number],
): number {
  return y0 + (x - x0) / (x1 - x0) * (y1 - y0);
}

/** Means over the images, for each place of the dial. */
function curveOf(rows: readonly Row[]): Figures[] {
  return PLACES.map((_, place) => {
    const keys = Object.keys(rows[0].samples[place].figures);
    const valueOf = (key: string) => mean(rows.map(({ samples }) => samples[place].figures[key]));
    return Object.fromEntries(keys.map((key) => [key, valueOf(key)]));
  });
}

function findingOf(rows: readonly Row[]): Finding {
  const curve = curveOf(rows);
  const [from, to] = [curve[0], curve[PLACES.length - 1]];
  const line = ({ psnrY }: Figures) =>
    onLine(psnrY, [from.psnrY, from.lpips], [to.psnrY, to.lpips]);
  const shown = metrics.filter(({ key }) => SHOWN.includes(key) && key in from);
  const middle = curve[(PLACES.length - 1) / 2];
  const falls = (key: string) => curve.every((at, i) => i === 0 || at[key] <= curve[i - 1][key]);
  return {
    title: "Fidelity dial",
    how:
      `From the estimate with the least error (0) to the sample (1), seed 0, mean over ${rows.length} images. The ` +
      "last column is the LPIPS that the straight line between the two ends has at the same PSNR-Y: a dial is " +
      "useful where it stays below it.",
    head: ["fidelity", ...shown.map(({ title }) => title), "LPIPS of the line"],
    rows: curve.map((at, i) => [
      `${PLACES[i]}`,
      ...shown.map(({ key, digits }) => at[key].toFixed(digits)),
      line(at).toFixed(4),
    ]),
    promises: [
      {
        text: "neither PSNR-Y nor LPIPS rises along the dial",
        kept: falls("psnrY") && falls("lpips"),
      },
      {
        text: `the middle is under the line: LPIPS ${middle.lpips.toFixed(4)}, the line's ${
          line(middle).toFixed(4)
        }`,
        kept: middle.lpips < line(middle),
      },
    ],
  };
}
