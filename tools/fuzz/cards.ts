/** Odd cards: an entry that works, or one clear error. @module */

import { join } from "node:path";
import { parse, stringify } from "yaml";
import { load, loadGenerator, type ModelCard, readCard } from "../../mod.ts";
import { type Bytes, mutated } from "./bytes.ts";
import { checkError, must, ODD, oneOf, type Part, wholeWithin } from "./part.ts";

const fixtures = new URL("../../tests/fixtures/zoo/", import.meta.url);

const ENTRIES = [
  ...["ddpm-free-tiny", "ddpm-tiny", "photo-tiny", "regression-tiny", "sr3-tiny", "srdiff-tiny"],
  ...["srflow-tiny", "tiny"],
];

/** Texts that a card could hold. */
const TEXTS = [
  ...["../../etc/passwd", "%2e%2e/x", "file:///dev/zero", "https://127.0.0.1:1/x", "C:\\x", "\0"],
  ...["a".repeat(5000), "\x1b[31m", "__proto__", "network.onnx", "ddim", "eps", "v", "cosine"],
];

/** A JSON value of any shape. */
type Value = Record<string, unknown> | unknown[];

/** Changes, adds or removes one key at a random depth. */
function disturb(value: Value, random: () => number): void {
  const keys = Object.keys(value);
  const key = oneOf(random, keys);
  const inner = key === undefined ? undefined : (value as Record<string, unknown>)[key];
  if (typeof inner === "object" && inner !== null && random() < 0.75) {
    return disturb(inner as Value, random);
  }
  const kind = random();
  const set = (name: string, content: unknown) =>
    Object.defineProperty(value, name, {
      ...{ value: content, enumerable: true, configurable: true, writable: true },
    });
  if (key !== undefined && kind < 0.2) delete (value as Record<string, unknown>)[key];
  else if (kind < 0.3) set(oneOf(random, ["toString", "extra", "steps", "flow"]), 1);
  else if (key !== undefined && typeof inner === "number" && kind < 0.7) {
    set(key, inner * oneOf(random, [0, -1, 0.5, 2, 3, 1e3, 1e9, NaN]));
  } else if (key !== undefined) {
    set(key, oneOf(random, random() < 0.4 ? TEXTS : ODD.filter((odd) => typeof odd !== "bigint")));
  }
}

/** Writes an entry with a damaged card. */
async function writeEntry(random: () => number, folder: string): Promise<void> {
  const from = new URL(`${oneOf(random, ENTRIES)}/`, fixtures);
  for await (const { name } of Deno.readDir(from)) {
    await Deno.copyFile(new URL(name, from), join(folder, name));
  }
  const file = join(folder, "model.yml");
  if (random() < 0.2) {
    const bytes: Bytes = await Deno.readFile(file);
    return await Deno.writeFile(file, mutated(bytes, random, bytes));
  }
  const card = parse(await Deno.readTextFile(file));
  for (let i = wholeWithin(random, 1, 2); i > 0; i--) disturb(card, random);
  await Deno.writeTextFile(file, stringify(card));
}

/** Random cards. */
export const cards: Part = {
  name: "cards",
  tries: 3000,
  async attempt(random, work) {
    await writeEntry(random, work);
    const what = "the card";
    let card: ModelCard;
    try {
      card = await readCard(work);
    } catch (error) {
      checkError(error, what);
      must(
        error.name === "ManifestError" || error.message.startsWith("Cannot read "),
        () => `${what} throws ${error.name}: ${error.message}`,
      );
      return "refused";
    }
    if (random() < 0.7) return "read";
    try {
      await run(card);
      return "run";
    } catch (error) {
      checkError(error, `a run of ${what}`);
      return "failed";
    }
  },
};

/** Makes a small image with the entry, within 60 s. */
async function run(card: ModelCard): Promise<void> {
  const signal = AbortSignal.timeout(60_000);
  const where = { provider: "native", threads: 1, offline: true, signal } as const;
  if (card.family === "ddpm" && card.diffusion?.condition === undefined) {
    await using generator = await loadGenerator(card, where);
    const { images } = await generator.generate({ width: 8, height: 8, seed: 1, signal });
    must(images[0].width === 8, () => `the card makes ${images[0].width} columns of 8`);
    return;
  }
  await using upscaler = await load(card, where);
  const image = { width: 6, height: 5, data: new Uint8ClampedArray(120).fill(99) };
  const { images } = await upscaler.upscale(image, { signal });
  const wide = images[0].width;
  must(wide === 6 * card.scale, () => `the card makes ${wide} columns of 6 by ${card.scale}`);
}
