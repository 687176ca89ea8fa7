/** Whether a region takes the content of another image, and nothing else changes. @module */

import { fuse, type Image, resizeImage } from "../../mod.ts";
import type { Pair } from "../protocols.ts";
import type { Row } from "../record.ts";
import { mean } from "../statistics.ts";
import { discMask, discOnly, largestOutside } from "./disc.ts";
import type { Finding, Part } from "./part.ts";
import type { Study } from "./study.ts";

/** Largest allowed difference of a byte outside the mask. */
const OUTSIDE = 2;

/** What the references are, by name. */
const REFERENCES: Readonly<Record<string, string>> = {
  truth: "the true image, as a second, nearer shot would show it",
  sample: "the sample of another seed, preferred there",
  other: "another photograph of the set",
};

/** What `fuse()` does inside and outside its mask. */
export const fusionPart: Part = { name: "fusion", run };

async function run(study: Study): Promise<Finding | undefined> {
  const found: Record<string, Row[]> = {};
  for (const name of Object.keys(REFERENCES)) {
    found[name] = await study.run({
      name: `fusion reference=${name}`,
      images: study.images("fusion", 20),
      measure: (pair) => measure(study, pair, name),
    });
  }
  const measured = Object.entries(found).filter(([, rows]) => rows.length > 0);
  return measured.length > 0 ? findingOf(measured) : undefined;
}

async function measure({ upscaler, metricGraphs, signal, pairs }: Study, pair: Pair, name: string) {
  const { low, truth } = pair;
  const drawn = async (seed: number) => (await upscaler.upscale(low, { seed, signal })).images[0];
  const other = pairs[(pairs.indexOf(pair) + 1) % pairs.length].truth;
  const reference = name === "truth"
    ? truth
    : name === "sample"
    ? await drawn(1)
    : resizeImage(other, { width: truth.width, height: truth.height });
  const mask = discMask(truth);
  const plain = await drawn(0);
  const fused = await fuse(upscaler, low, { reference, mask, seed: 0, signal });
  const inside = (image: Image) => discOnly(image, mask, reference);
  const distance = (image: Image) => metricGraphs.lpips.distance(inside(image), inside(reference));
  const together = {
    before: await distance(plain),
    after: await distance(fused),
    outside: largestOutside(fused, plain, mask),
  };
  return { samples: [], together };
}

function findingOf(found: readonly (readonly [string, readonly Row[]])[]): Finding {
  const all = found.flatMap(([, rows]) => rows);
  const halved = ({ together: { before, after } }: Row) => after <= before / 2;
  const outside = Math.max(...all.map(({ together }) => together.outside));
  return {
    title: "Fusion",
    how:
      "`fuse()` of a reference into a disc in the middle (radius: a quarter of the shorter side), seed 0. LPIPS " +
      "to the reference on the box of the disc, with the reference outside the disc in both images; " +
      "*outside* is the largest difference of a byte from the plain result where the mask is black. References: " +
      `${Object.entries(REFERENCES).map(([name, what]) => `*${name}*, ${what}`).join("; ")}.`,
    head: ["reference", "images", "LPIPS plain", "LPIPS fused", "at least halved on", "outside"],
    rows: found.map(([name, rows]) => [
      name,
      `${rows.length}`,
      ...["before", "after"].map((key) => mean(rows.map((row) => row.together[key])).toFixed(4)),
      `${rows.filter(halved).length}`,
      `${Math.max(...rows.map(({ together }) => together.outside))}`,
    ]),
    promises: [
      {
        text: `LPIPS to the reference at least halves: on ${
          all.filter(halved).length
        } of ${all.length}`,
        kept: all.every(halved),
      },
      {
        text: `outside the mask no byte differs by more than ${OUTSIDE}: by ${outside} at most`,
        kept: outside <= OUTSIDE,
      },
    ],
  };
}
