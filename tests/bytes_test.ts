/**
 * The same seed gives the same bytes, today and after any change of the code: digests that were recorded.
 *
 * `deno run -A tests/bytes_test.ts --record` records them anew, which only a change that means to move bytes may do.
 *
 * @module
 */

import { expect } from "expect";
import { type Image, load, readImage, type UpscaleOptions } from "../mod.ts";
import { toImage } from "../lib/image/pixels.ts";
import { testPicture } from "./contracts/family.ts";
import { hasShared, shared } from "./_npz.ts";

/** Digests by entry and case. */
type Digests = Record<string, Record<string, string>>;

/** Entries whose bytes are recorded, and where. */
interface Suite {
  file: URL;
  entries: readonly string[];
  /** The same bytes are promised on one provider only; those of "wasm" are the same on every CPU. */
  provider: "native" | "wasm";
  zoo: URL;
  sources: (scale: number) => Promise<Image[]>;
  tile: (overlap: number) => number;
}

const here = new URL("./fixtures/", import.meta.url);

const tiny: Suite = {
  file: new URL("bytes.json", here),
  entries: ["regression-tiny", "srdiff-tiny", "sr3-tiny", "ddpm-tiny"],
  provider: "wasm",
  zoo: new URL("zoo/", here),
  sources: () => Promise.resolve([[33, 41], [20, 27], [40, 40]].map(([h, w]) => picture(h, w))),
  tile: () => 24,
};

/** Until the weights are replaced: the entries that ship, on one kind of processor. */
const shipped: Suite = {
  file: new URL("bytes_shipped.json", here),
  entries: ["srdiff", "srdiff-x8", "regression", "bicubic"],
  provider: "native",
  zoo: new URL("../zoo/", import.meta.url),
  sources: (scale) =>
    Promise.all(
      Array.from({ length: 10 }, async (_, i) => {
        const name = `data/eval/BSD100/LRx${scale}/img_${`${i + 1}`.padStart(3, "0")}.png`;
        return corner(await readImage(new URL(name, shared)), scale === 4 ? 72 : 60);
      }),
    ),
  tile: (overlap) => 2 * overlap + 8,
};

const picture = (height: number, width: number) => toImage(testPicture(height, width));

/** The top left of an image. */
function corner(source: Image, most: number): Image {
  const [width, height] = [Math.min(most, source.width), Math.min(most, source.height)];
  const rows = Array.from(
    { length: height },
    (_, y) => source.data.subarray(4 * y * source.width, 4 * (y * source.width + width)),
  );
  const data = new Uint8ClampedArray(4 * width * height);
  rows.forEach((row, y) => data.set(row, 4 * width * y));
  return { ...source, width, height, data };
}

/** What the results of one entry are. */
async function digestsOf(suite: Suite, id: string): Promise<Record<string, string>> {
  const { provider, zoo } = suite;
  const found: Record<string, string> = {};
  const model = new URL(`${id}/model.yml`, zoo);
  await using upscaler = await load(model, { provider, threads: 1 });
  const { card: { scale, tiling, diffusion } } = upscaler;
  const sources = await suite.sources(scale);
  for (const [i, source] of sources.entries()) {
    const options: UpscaleOptions = {
      ...diffusion ? { seed: 7 + i } : {},
      ...tiling && i % 3 === 1 ? { tile: suite.tile(tiling.overlap) } : {},
      ...i % 4 === 2 ? { consistency: true } : {},
      ...diffusion && i % 5 === 4 ? { steps: 3, sampler: "dpmpp2m" } : {},
    };
    const { images: [image] } = await upscaler.upscale(source, options);
    const digest = await crypto.subtle.digest("SHA-256", image.data);
    found[`${i} ${JSON.stringify(options)}`] = new Uint8Array(digest).toHex();
  }
  return found;
}

for (const suite of [tiny, shipped]) {
  const ignore = suite === shipped && !hasShared;
  for (const id of suite.entries) {
    Deno.test({
      name: `upscale() with ${id} gives the bytes that were recorded`,
      ignore,
      fn: async () => {
        const recorded: Digests = JSON.parse(await Deno.readTextFile(suite.file));
        expect(await digestsOf(suite, id)).toEqual(recorded[id]);
      },
    });
  }
  if (Deno.args.includes(suite === tiny ? "--record" : "--record-shipped")) {
    const all: Digests = {};
    for (const id of suite.entries) all[id] = await digestsOf(suite, id);
    await Deno.writeTextFile(suite.file, JSON.stringify(all, undefined, 2) + "\n");
  }
}
