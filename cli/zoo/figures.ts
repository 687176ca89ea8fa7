/** The figures in a card, by set and metric: how they are measured and written. @module */

import { isMap, parseDocument, stringify } from "yaml";
import { colorError } from "../../lib/metrics/color.ts";
import type { Lpips } from "../../lib/metrics/lpips.ts";
import { psnrRgb, psnrY } from "../../lib/metrics/psnr.ts";
import { ssimY } from "../../lib/metrics/ssim.ts";
import type { Image, ModelCard } from "../../mod.ts";

/** Figures by set and metric, as `model.yml` keeps them. */
export type CardFigures = Record<string, Record<string, number>>;

/** Whether an entry enlarges images: without an input or at scale 1 there is nothing to compare with. */
export function enlarges({ diffusion, scale }: ModelCard): boolean {
  return scale > 1 && !(diffusion?.base === "none" && diffusion.condition === undefined);
}

/** Limit of PSNR in dB: that of identical images is infinite, and would make every mean infinite. */
export const CEILING = 100;

/** A PSNR in dB, at most {@linkcode CEILING}. */
export function capped(decibels: number): number {
  return Math.min(CEILING, decibels);
}

/** Figures of an image against the truth: PSNR and SSIM without the border, LPIPS if its graph is given. */
export async function againstTruth(
  result: Image,
  truth: Image,
  border: number,
  lpips?: Lpips,
): Promise<Record<string, number>> {
  return {
    psnrY: capped(psnrY(result, truth, { border })),
    ssimY: ssimY(result, truth, { border }),
    psnrRgb: capped(psnrRgb(result, truth, { border })),
    ...lpips && { lpips: await lpips.distance(result, truth) },
    colorError: colorError(result, truth),
  };
}

/** Writes the figures of a `model.yml`, as {@linkcode writeKey} does. */
export async function writeFigures(path: string, figures: CardFigures): Promise<void> {
  await writeKey(path, "figures", figures);
}

/**
 * Moves one key to the end of a `model.yml` and changes its value. Everything else stays as it is, character for
 * character if keys begin their lines. An interrupt leaves the old file or the new one.
 */
export async function writeKey(path: string, key: string, value: unknown): Promise<void> {
  const text = withKey(await Deno.readTextFile(path), key, value);
  const beside = `${path}.part`;
  await Deno.writeTextFile(beside, text);
  await Deno.rename(beside, path);
}

function withKey(text: string, key: string, value: unknown): string {
  const document = parseDocument(text);
  if (isMap(document.contents) && document.contents.flow) {
    document.set(key, value);
    return String(document);
  }
  const rest = text.replace(new RegExp(`^${key}:.*\\n([ \\t].*\\n|\\n)*`, "m"), "").trimEnd();
  return `${rest}\n${stringify({ [key]: value })}`;
}
