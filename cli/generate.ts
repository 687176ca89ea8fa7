/**
 * Generates images with an unconditional entry: `deno run -A cli/generate.ts --model ddpm-texture --width 256 --height 256 -o a.png`;
 * further models, separated by commas, enlarge what the first one draws.
 *
 * @module
 */

import { Command, CommanderError } from "commander";
import config from "../deno.json" with { type: "json" };
import { encodeImage, type Image, loadGenerator, type Preview, type Upscaled } from "../mod.ts";
import type { GenerateOptions, Plan, UpscaleOptions, Upscaler } from "../mod.ts";
import { samplers } from "../lib/diffusion/samplers/mod.ts";
import { readSpec } from "../lib/spec.ts";
import { described } from "./errors.ts";
import { cardOf, choose, loadChoice } from "./model.ts";
import { suffixed } from "./target.ts";
import { UsageError } from "./settings.ts";
import { contactSheet, stateCollector } from "./sheet.ts";
import { bytes, number, oneOf, wholeFrom } from "./values.ts";
import { openWriter } from "./writer.ts";

/** What was asked for. */
interface Settings extends GenerateOptions {
  model: string;
  zoo?: string;
  offline?: boolean;
  output: string;
  sheet?: string;
  provider?: "webgpu" | "native" | "wasm";
  threads?: number;
  quiet?: boolean;
}

function commandLine(): Command {
  return new Command("generate")
    .description("Generates images with an unconditional model.")
    .requiredOption("--model <name>", "id, folder or URL; a,b enlarges what a draws with b")
    .option("--zoo <place>", "another registry: folder or URL of its index.yml")
    .option("--offline", "use earlier downloads and no network")
    .option("--width <n>", "columns", wholeFrom(1), 128)
    .option("--height <n>", "rows", wholeFrom(1), 128)
    .option(
      "-o, --output <file>",
      "the PNG file; several samples are NAME-1, NAME-2, ...",
      "image.png",
    )
    .option("--samples <n>", "how many images", wholeFrom(1))
    .option("--seed <n>", "seed of the noise", wholeFrom(0))
    .option("--steps <n>", "denoising steps", wholeFrom(1))
    .option("--sampler <name>", Object.keys(samplers).join(", "))
    .option("--temperature <t>", "scale of the noise, 0 for none", number)
    .option("--tile <n>", "side of a tile in pixels", wholeFrom(1))
    .option("--memory <size>", "memory limit, such as 800MB or 4GB", bytes)
    .option("--sheet <file>", "a contact sheet, from noise to image")
    .option("--provider <name>", "webgpu, native or wasm", oneOf("webgpu", "native", "wasm"))
    .option("--threads <n>", "CPU threads", wholeFrom(1))
    .option("--quiet", "print only errors")
    .version(config.version);
}

/** Draws all images, enlarges them where further models are named, and writes them. */
async function run(settings: Settings, signal: AbortSignal): Promise<void> {
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

  const writer = openWriter(new Set());
  const text = { Software: `srzoo ${config.version}`, Model: drawn.model, Seed: `${drawn.seed}` };
  const write = async (path: string, image: Image) => {
    await writer.write(path, await encodeImage(image, { format: "png", text }));
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

/** Runs the command; returns the exit code: 0, 1 failed, 2 wrong usage, 130 interrupted. */
export async function main(args: readonly string[]): Promise<number> {
  const interrupt = new AbortController();
  Deno.addSignalListener("SIGINT", () => interrupt.abort());
  const command = commandLine().exitOverride();
  try {
    command.parse(args, { from: "user" });
    await run(command.opts<Settings>(), interrupt.signal);
    return 0;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2;
    if (interrupt.signal.aborted) return 130;
    console.error(`error: ${described(error).message}`);
    return error instanceof UsageError ? 2 : 1;
  }
}

if (import.meta.main) Deno.exit(await main(Deno.args));
