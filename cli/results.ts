/** Writes the images of a model to files. @module */

import { extname } from "node:path";
import type { OutputFormat } from "../lib/image/files/format.ts";
import {
  encodeImage,
  type EncodeImageOptions,
  type Image,
  resizeImage,
  UnsupportedError,
  type Upscaled,
} from "../mod.ts";
import type { ResultSize } from "./cost.ts";
import type { DoneEvent } from "./events.ts";
import { placeOf } from "./identity.ts";
import type { Target } from "./target.ts";
import type { Workshop } from "./workshop.ts";

/** Encodes and writes each sample; returns the paths and what the user should know. */
export async function writeResults(
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
    shop.signal.throwIfAborted();
    const sized = fits ? image : resizeImage(image, size);
    const file = await encodedFile(shop, target, sized, describe(shop, result, i));
    const path = file.rename ? await freePath(shop, target.paths[i]) : target.paths[i];
    for (const note of file.notes) notes.add(note);
    shop.signal.throwIfAborted();
    await shop.writer.write(path, file.bytes);
    outputs.push(path);
  }
  return { outputs, notes: [...notes] };
}

/** An encoded result, and notes on its format. */
interface EncodedFile {
  bytes: Uint8Array;
  rename?: boolean;
  notes: string[];
}

/** Encodes a result, as PNG if its format cannot hold it. */
async function encodedFile(
  shop: Workshop,
  target: Target,
  image: Image,
  text: Record<string, string>,
): Promise<EncodedFile> {
  const { format } = target;
  const opaque = image.channels === 1 || image.channels === 3;
  const notes: string[] = [];
  const onNote = (note: string) => void notes.push(note);
  try {
    const bytes = await encoded(shop, format, image, { text, onNote });
    if (format === "jpeg" && !opaque) notes.push("JPEG has no transparency: laid on white");
    return { bytes, notes };
  } catch (error) {
    if (!(error instanceof UnsupportedError) || format === "png") throw error;
    notes.push(
      `written as PNG: ${format.toUpperCase()} cannot hold ${image.width}x${image.height}`,
    );
    return { bytes: await encoded(shop, "png", image, { text, onNote }), rename: true, notes };
  }
}

/** The path with the extension of PNG; refused if another result has that name. */
async function freePath(shop: Workshop, path: string): Promise<string> {
  if (path === "-") return path;
  const renamed = path.slice(0, path.length - extname(path).length) + ".png";
  if (!shop.claimed.has(await placeOf(renamed))) return renamed;
  throw new Error(`Cannot write ${renamed}: another result has this name. Use --format png`);
}

/**
 * Encodes one image as the flags say. With `--strip`, only the mark of the program stays, by which results are
 * recognised and not enlarged again.
 */
export function encoded(
  { settings, signal }: Workshop,
  format: OutputFormat,
  image: Image,
  { text, onNote }: Pick<EncodeImageOptions, "text" | "onNote"> = {},
): Promise<Uint8Array> {
  const { width, height, data, channels } = image;
  const shown = settings.strip ? { width, height, data, channels } : image;
  const said = settings.strip ? text && { Software: text.Software } : text;
  const quality = format === "png" ? undefined : settings.quality;
  const background = [255, 255, 255] as const;
  return encodeImage(shown, { format, quality, text: said, background, onNote, signal });
}

/** The text that is written into a result. */
function describe(shop: Workshop, result: Upscaled, sample: number): Record<string, string> {
  const { temperature, fidelity, consistency } = shop.settings;
  const facts = {
    ...factsOf(result),
    sample: result.images.length > 1 ? sample + 1 : undefined,
    temperature,
    fidelity,
    consistency,
    provider: result.provider,
    precision: result.precision,
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

/** The choices of the sampler that the text and the "done" event name. */
export function factsOf(
  { seed, sampler, steps, graph, restore, lrPsnr }: Upscaled,
): Partial<Upscaled> {
  return { seed, sampler, steps, graph, restore, lrPsnr };
}
