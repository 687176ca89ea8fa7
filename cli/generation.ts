/** The work of `cli/generate.ts`: images out of noise, larger ones of them, and their files. @module */

import { encodeImage, type Image, loadGenerator, type Preview, type Upscaled } from "../mod.ts";
import type { GenerateOptions, Plan, UpscaleOptions, Upscaler } from "../mod.ts";
import { readSpec } from "../lib/spec.ts";
import { cardOf, choose, loadChoice } from "./model.ts";
import { suffixed } from "./target.ts";
import { UsageError } from "./settings.ts";
import { contactSheet, stateCollector } from "./sheet.ts";
import type { Writer } from "./writer.ts";

/** What was asked for. */
export interface GenerateSettings extends GenerateOptions {
  /** Id, folder or URL; after commas, those that enlarge. */
  model: string;
  /** Another registry. */
  zoo?: string;
  /** Uses earlier downloads and no network. */
  offline?: boolean;
  /** The file. */
  output: string;
  /** A contact sheet. */
  sheet?: string;
  /** The only place to run on. */
  provider?: "webgpu" | "native" | "wasm";
  /** Threads of the CPU. */
  threads?: number;
  /** Prints only errors. */
  quiet?: boolean;
}

/** Where the work is done. */
interface Place {
  /** Ends the work. */
  signal: AbortSignal;
  /** Version of this program. */
  program: string;
  /** Makes what writes the files. */
  openWriter(inputs: ReadonlySet<string>): Writer;
}

/** Draws all images, enlarges them where further models are named, and writes them. */
export async function generate(settings: GenerateSettings, place: Place): Promise<void> {
  const { signal, program } = place;
  const { model, output, sheet, provider, threads, quiet, zoo, offline, ...options } = settings;
  const [first, ...rest] = model.split(",");
  const where = { provider, threads, offline, signal };
  const { model: name, options: own } = readSpec(first);
  await using generator = await loadGenerator(await cardOf(name, { zoo, offline, signal }), where);
  await using enlarger = rest.length > 0
    ? await loadChoice(await choose(rest.join(","), { zoo, offline, signal }), where)
    : undefined;
  const { states, see } = stateCollector();
  const tell = quiet ? undefined : (text: string) => console.error(text);
  const plan = planned(() => generator.plan({ ...options, ...own as GenerateOptions, signal }));
  const drawn = await watched(generator.stream(plan), generator.card.id, see, tell);
  const images = enlarger ? await enlarged(enlarger, drawn, plan, tell) : drawn.images;

  const writer = place.openWriter(new Set());
  const text = { Software: `srzoo ${program}`, Model: drawn.model, Seed: `${drawn.seed}` };
  const write = async (path: string, image: Image) => {
    await writer.write(path, await encodeImage(image, { format: "png", text, signal }));
    tell?.(`${path}: ${image.width}x${image.height}, seed ${drawn.seed}`);
  };
  for (const [i, image] of images.entries()) {
    await write(images.length === 1 ? output : suffixed(output, `-${i + 1}`), image);
  }
  if (sheet !== undefined) await write(sheet, contactSheet({ states, result: drawn.images[0] }));
}

/** What the library refuses before any work is wrong usage. */
function planned(plan: () => Plan): Plan {
  try {
    return plan();
  } catch (error) {
    throw new UsageError((error as Error).message, { cause: error });
  }
}

/** Runs to the end and tells of each step. */
async function watched(
  walk: AsyncGenerator<Preview, Upscaled>,
  id: string,
  see: (preview: Preview) => void,
  tell?: (text: string) => void,
): Promise<Upscaled> {
  let next = await walk.next();
  for (; !next.done; next = await walk.next()) {
    const { sample, step, steps } = next.value;
    see(next.value);
    if (step === steps) tell?.(`${id}: image ${sample + 1}, ${steps} steps`);
  }
  return next.value;
}

/** Every image, larger; each has noise of its own. */
async function enlarged(
  upscaler: Upscaler,
  { images, seed }: Upscaled,
  { signal }: Plan,
  tell?: (text: string) => void,
): Promise<Image[]> {
  const large: Image[] = [];
  for (const [i, image] of images.entries()) {
    const options: UpscaleOptions = upscaler.generative ? { seed: (seed ?? 0) + i } : {};
    const walk = upscaler.stream(image, { ...options, signal });
    large.push(...(await watched(walk, upscaler.card.id, () => {}, tell)).images);
  }
  return large;
}
