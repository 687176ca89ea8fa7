/**
 * Compares results with recorded digests: a seed gives the same bytes after every change of the code.
 *
 * `deno run -A tests/bytes_test.ts --record` records them again; do so only if results changed on purpose.
 *
 * @module
 */

import { expect } from "expect";
import { load, type UpscaleOptions } from "../mod.ts";
import { toImage } from "../lib/image/pixels.ts";
import { testPicture } from "./contracts/family.ts";

/** Digests by entry and case. */
type Digests = Record<string, Record<string, string>>;

const file = new URL("./fixtures/bytes.json", import.meta.url);
const entries = ["regression-tiny", "srdiff-tiny", "sr3-tiny", "ddpm-tiny"];

const sources = [[33, 41], [20, 27], [40, 40]].map(([h, w]) => toImage(testPicture(h, w)));

/** Digests of one entry's results on WebAssembly, which are the same on every processor. */
async function digestsOf(id: string): Promise<Record<string, string>> {
  const found: Record<string, string> = {};
  const model = new URL(`./fixtures/zoo/${id}/model.yml`, import.meta.url);
  await using upscaler = await load(model, { provider: "wasm", threads: 1 });
  const { accepts } = upscaler;
  for (const [i, source] of sources.entries()) {
    const options: UpscaleOptions = {
      ...accepts.includes("seed") ? { seed: 7 + i } : {},
      ...i === 1 ? { tile: 24 } : {},
      ...i === 2 ? { consistency: true } : {},
    };
    const { images: [image] } = await upscaler.upscale(source, options);
    const digest = await crypto.subtle.digest("SHA-256", image.data);
    found[`${i} ${JSON.stringify(options)}`] = new Uint8Array(digest).toHex();
  }
  return found;
}

for (const id of entries) {
  Deno.test(`upscale() with ${id} gives the recorded bytes`, async () => {
    const recorded: Digests = JSON.parse(await Deno.readTextFile(file));
    expect(await digestsOf(id)).toEqual(recorded[id]);
  });
}

if (Deno.args.includes("--record")) {
  const all: Digests = {};
  for (const id of entries) all[id] = await digestsOf(id);
  await Deno.writeTextFile(file, JSON.stringify(all, undefined, 2) + "\n");
}
