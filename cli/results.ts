/** From the images that a model made to files. @module */

import { extname } from "node:path";
import type { OutputFormat } from "../lib/image/files/format.ts";
import { encodeImage, type Image, resizeImage, UnsupportedError, type Upscaled } from "../mod.ts";
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
    if (file.note) notes.add(file.note);
    shop.signal.throwIfAborted();
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

/** Encodes one image as the flags say. */
export function encoded(
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

/** What a result tells of how it was drawn. */
export function factsOf(
  { seed, sampler, steps, graph, restore, lrPsnr }: Upscaled,
): Partial<Upscaled> {
  return { seed, sampler, steps, graph, restore, lrPsnr };
}
