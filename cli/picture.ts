/** One picture from its file to its results. @module */

import { extname, join } from "node:path";
import type { OutputFormat } from "../lib/image/containers/mod.ts";
import {
  encodeImage,
  type Image,
  readImage,
  resizeImage,
  UnsupportedError,
  type Upscaled,
  type UpscaleOptions,
  type Upscaler,
} from "../mod.ts";
import { measureRate, memoryOf, type ResultSize, resultSize, workOf } from "./cost.ts";
import type { DoneEvent, Reporter } from "./events.ts";
import { placeOf } from "./identity.ts";
import { suffixed, type Target } from "./outputs.ts";
import type { Settings } from "./settings.ts";
import type { Writer } from "./writer.ts";

/** What all pictures of a run share. */
export interface Workshop {
  /** The flags. */
  settings: Settings;
  /** The opened entry. */
  upscaler: Upscaler;
  /** Takes what is to be told. */
  report: Reporter;
  /** Writes the results. */
  writer: Writer;
  /** Places of all results, so that a renamed one takes none of them. */
  claimed: ReadonlySet<string>;
  /** Ends the work. */
  signal: AbortSignal;
  /** Version of this program. */
  program: string;
  /** Seconds for each unit of work, as far as is known. */
  rate?: number;
}

/** Enlarges one picture and writes its results. */
export async function enlargePicture(shop: Workshop, target: Target): Promise<void> {
  const { settings, upscaler, report, signal } = shop;
  const file = target.input.path;
  const source = await readImage(await bytesOf(file, signal), { signal });
  const options = optionsOf(shop);
  const plan = upscaler.plan(source, options);
  const size = resultSize(plan, settings.scale);
  const memoryBytes = memoryOf(plan, size, target.format, settings.memory);
  shop.rate ??= await measureRate(upscaler, source, target.format, options);
  const { width, height } = source;
  const [outputWidth, outputHeight] = [size.width, size.height];
  const seconds = shop.rate * workOf(plan);
  report({ event: "plan", file, width, height, outputWidth, outputHeight, memoryBytes, seconds });

  const start = performance.now();
  const result = await followed(shop, target, source);
  const { outputs, notes } = await writeResults(shop, target, result, size);
  const took = (performance.now() - start) / 1000;
  shop.rate = took / workOf(plan);
  report({
    event: "done",
    file,
    outputs,
    ...size,
    scale: settings.scale ?? upscaler.card.scale,
    model: result.model,
    version: upscaler.card.version,
    provider: result.provider,
    ...factsOf(result),
    seconds: took,
    notes,
  });
}

/** The bytes of a file, or of all that standard input has. */
async function bytesOf(path: string, signal: AbortSignal): Promise<Uint8Array> {
  if (path !== "-") return await Deno.readFile(path, { signal });
  const whole = new Response(Deno.stdin.readable).bytes();
  const aborted = new Promise<never>((_, reject) => {
    signal.addEventListener("abort", () => reject(signal.reason), { once: true });
  });
  return await Promise.race([whole, aborted]);
}

/** The flags that the library takes; undefined ones are its to decide. */
export function optionsOf(
  { settings, signal }: Pick<Workshop, "settings" | "signal">,
): UpscaleOptions {
  const { steps, seed, samples, temperature, fidelity, tile, consistency, memory } = settings;
  const sampler = settings.sampler as UpscaleOptions["sampler"];
  const chosen = {
    steps,
    sampler,
    seed,
    samples,
    temperature,
    fidelity,
    tile,
    consistency,
    memory,
  };
  return { ...chosen, signal };
}

/** Runs the model, telling how far it is and writing each step's picture where asked to. */
async function followed(shop: Workshop, target: Target, source: Image): Promise<Upscaled> {
  const { upscaler, report, settings } = shop;
  const start = performance.now();
  const stream = upscaler.stream(source, {
    ...optionsOf(shop),
    onProgress: (progress) => {
      const spent = (performance.now() - start) / 1000;
      const secondsLeft = spent * (1 / progress.fraction - 1);
      report({ event: "progress", file: target.input.path, ...progress, secondsLeft });
    },
  });
  let next = await stream.next();
  for (; !next.done; next = await stream.next()) {
    const { sample, step } = next.value;
    if (settings.previews === undefined) continue;
    const name = settings.samples === undefined ? "" : `-${sample + 1}`;
    const path = suffixed(target.preview, `${name}-step${`${step}`.padStart(2, "0")}`);
    const bytes = await encoded(shop, target.format, next.value.image());
    await shop.writer.write(join(settings.previews, path), bytes);
  }
  return next.value;
}

/** Encodes and writes each sample; returns the paths and what the user should know. */
async function writeResults(
  shop: Workshop,
  target: Target,
  result: Upscaled,
  size: ResultSize,
): Promise<Pick<DoneEvent, "outputs" | "notes">> {
  const { scale } = shop.upscaler.card;
  const notes = new Set([...target.notes, ...result.warnings]);
  const outputs: string[] = [];
  for (const [i, image] of result.images.entries()) {
    const fits = image.width === size.width && image.height === size.height;
    if (!fits) notes.add(`enlarged x${scale} by the model, then resized by bicubic`);
    for (const note of image.notes ?? []) notes.add(note);
    const sized = fits ? image : resizeImage(image, size);
    const file = await encodedFile(shop, target, sized, describe(shop, result, i));
    const path = file.rename ? await freePath(shop, target.paths[i]) : target.paths[i];
    if (file.note) notes.add(file.note);
    await shop.writer.write(path, file.bytes);
    outputs.push(path);
  }
  return { outputs, notes: [...notes] };
}

/** A result as a file, and what happened to its format. */
interface EncodedFile {
  bytes: Uint8Array;
  rename?: boolean;
  note?: string;
}

/** Encodes a result; one that its format cannot hold becomes PNG. */
async function encodedFile(
  shop: Workshop,
  target: Target,
  image: Image,
  text: Record<string, string>,
): Promise<EncodedFile> {
  const { format } = target;
  const opaque = image.channels === 1 || image.channels === 3;
  try {
    const bytes = await encoded(shop, format, image, text);
    const flat = format === "jpeg" && !opaque;
    return { bytes, note: flat ? "JPEG has no transparency: laid on white" : undefined };
  } catch (error) {
    if (!(error instanceof UnsupportedError) || format === "png") throw error;
    const note =
      `written as PNG: ${format.toUpperCase()} cannot hold ${image.width}x${image.height}`;
    return { bytes: await encoded(shop, "png", image, text), rename: true, note };
  }
}

/** The path with the extension of PNG, unless another result has that name. */
async function freePath(shop: Workshop, path: string): Promise<string> {
  if (path === "-") return path;
  const renamed = path.slice(0, path.length - extname(path).length) + ".png";
  if (!shop.claimed.has(await placeOf(renamed))) return renamed;
  throw new Error(`Cannot write ${renamed}: another result has this name. Use --format png`);
}

function encoded(
  { settings }: Workshop,
  format: OutputFormat,
  image: Image,
  text?: Record<string, string>,
): Promise<Uint8Array> {
  const { strip } = settings;
  const quality = format === "png" ? undefined : settings.quality;
  return encodeImage(image, { format, quality, strip, text, background: [255, 255, 255] });
}

/** What the result tells of itself. */
function describe(shop: Workshop, result: Upscaled, sample: number): Record<string, string> {
  const { temperature, fidelity, consistency } = shop.settings;
  const facts = {
    ...factsOf(result),
    sample: result.images.length > 1 ? sample + 1 : undefined,
    temperature,
    fidelity,
    consistency,
    provider: result.provider,
  };
  const said = Object.entries(facts).filter(([, value]) => value !== undefined);
  return {
    Software: `srzoo ${shop.program}`,
    Model: `${result.model} ${shop.upscaler.card.version}`,
    ...Object.fromEntries(
      said.map(([name, value]) => [name[0].toUpperCase() + name.slice(1), `${value}`]),
    ),
  };
}

function factsOf({ seed, sampler, steps, graph }: Upscaled): Partial<Upscaled> {
  return { seed, sampler, steps, graph };
}
