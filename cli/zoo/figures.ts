/** The figures in a card, by set and metric. @module */

import { isMap, parseDocument, stringify } from "yaml";
import type { ModelCard } from "../../mod.ts";

/** Figures by set and metric, as `model.yml` keeps them. */
export type CardFigures = Record<string, Record<string, number>>;

/** Whether an entry enlarges images: without an input or at scale 1 there is nothing to compare with. */
export function enlarges({ diffusion, scale }: ModelCard): boolean {
  return scale > 1 && !(diffusion?.base === "none" && diffusion.condition === undefined);
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
