/** The work of `cli/generate.ts`: generates images, enlarges them if asked to, and writes them. @module */

import { join } from "node:path";
import { encodeImage, type Image, loadGenerator, type Preview, type Upscaled } from "../mod.ts";
import type { GenerateOptions, Plan, UpscaleOptions, Upscaler } from "../mod.ts";
import { readSpec } from "../lib/spec.ts";
import type { OutputFormat } from "../lib/image/files/format.ts";
import { cardOf } from "./card.ts";
import { checkFolders } from "./collisions.ts";
import { tryFiles } from "./destinations.ts";
import { placeOf } from "./identity.ts";
import { choose, loadChoice } from "./model.ts";
import { exactName, suffixed } from "./target.ts";
import { UsageError } from "./usage_error.ts";
import { contactSheet, stateCollector } from "./sheet.ts";
import type { Writer } from "./writer.ts";

/** The flags. */
export interface GenerateSettings extends GenerateOptions {
  /** Id, folder or URL; further models, after commas, enlarge the images. */
  model: string;
  /** Another registry. */
  zoo?: string;
  /** Uses earlier downloads and no network. */
  offline?: boolean;
  /** The file to write. */
  output: string;
  /** File of the contact sheet. */
  sheet?: string;
  /** The only provider to try. */
  provider?: "webgpu" | "native" | "wasm";
  /** Threads of the CPU. */
  threads?: number;
  /** Prints only errors. */
  quiet?: boolean;
}

/** What the work needs besides the flags. */
interface Place {
  /** Aborts the work. */
  signal: AbortSignal;
  /** Version of this program. */
  program: string;
  /** Makes the writer. */
  openWriter(inputs: ReadonlySet<string>): Writer;
}

/** Generates all images, enlarges them if further models are named, and writes them. */
export async function generate(settings: GenerateSettings, place: Place): Promise<void> {
  const { signal, program } = place;
  const { model, output: _, sheet, provider, threads, quiet, zoo, offline, ...options } = settings;
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
  const { paths, format } = await planOutputs(settings, plan.samples);
  const drawn = await watched(generator.stream(plan), generator.card.id, see, tell);
  const images = enlarger ? await enlarged(enlarger, drawn, plan, tell) : drawn.images;

  for (const warning of drawn.warnings) tell?.(`  ${warning}`);
  const writer = place.openWriter(new Set());
  const text = { Software: `srzoo ${program}`, Model: drawn.model, Seed: `${drawn.seed}` };
  const write = async (path: string, image: Image, format: OutputFormat) => {
    await writer.write(path, await encodeImage(image, { format, text, signal }));
    tell?.(`${path}: ${image.width}x${image.height}, seed ${drawn.seed}`);
  };
  for (const [i, image] of images.entries()) await write(paths[i], image, format);
  if (sheet === undefined) return;
  await write(sheet, contactSheet({ states, result: drawn.images[0] }), "png");
}

/**
 * Names the files to write, and checks them before any work.
 *
 * @throws {UsageError} If one cannot be written, two are the same, or a name is that of an unsupported format.
 */
async function planOutputs(
  { output, sheet }: GenerateSettings,
  samples: number,
): Promise<{ paths: string[]; format: OutputFormat }> {
  await checkFolders({ output, sheet }, (folder) => `-o ${join(folder, "image.png")}`);
  if (output === "-" && samples > 1) {
    throw new UsageError("standard output holds one image: leave --samples out");
  }
  if (output === "-" && Deno.stdout.isTerminal()) {
    throw new UsageError("an image cannot be shown on the terminal: write -o FILE, or pipe it");
  }
  const { path, format } = exactName(output);
  const paths = Array.from(
    { length: samples },
    (_, i) => samples === 1 ? path : suffixed(path, `-${i + 1}`),
  );
  const all = sheet === undefined ? paths : [...paths, sheet];
  const places = await Promise.all(all.map(placeOf));
  if (new Set(places).size < all.length) {
    throw new UsageError(`the sheet would be written over an image: give it another name`);
  }
  await tryFiles(all);
  return { paths, format };
}

/** Makes the plan; an option that the library refuses is wrong usage. */
function planned(plan: () => Plan): Plan {
  try {
    return plan();
  } catch (error) {
    throw new UsageError((error as Error).message, { cause: error });
  }
}

/** Runs a generator to its end and reports each image. */
async function watched(
  walk: AsyncGenerator<Preview, Upscaled>,
  id: string,
  see: (preview: Preview) => Promise<void>,
  tell?: (text: string) => void,
): Promise<Upscaled> {
  let next = await walk.next();
  for (; !next.done; next = await walk.next()) {
    const { sample, step, steps } = next.value;
    await see(next.value);
    if (step === steps) tell?.(`${id}: image ${sample + 1}, ${steps} steps`);
  }
  return next.value;
}

/** Enlarges every image, each with noise of its own. */
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
    large.push(...(await watched(walk, upscaler.card.id, async () => {}, tell)).images);
  }
  return large;
}
