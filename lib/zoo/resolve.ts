/** Resolves the name of an entry. @module */

import type { ModelCard } from "./card.ts";
import { hubFolder, isHubSpec } from "./hub.ts";
import { readCard, recheckCard } from "./read.ts";
import type { ReadOptions } from "./source.ts";
import { openZoo, type Zoo } from "./zoo.ts";

/** Options of name lookup. */
export interface ResolveOptions extends ReadOptions {
  /**
   * A zoo, or the path or URL of its folder or of its `index.yml`.
   *
   * @default {the zoo of this package}
   */
  zoo?: Zoo | string | URL;
}

/**
 * Finds the card of an entry.
 *
 * @param model A card; the URL of a `model.yml` or of its folder; a path to one, which has a slash or is a dot;
 * `hf:owner/repo[@revision]` of the Hugging Face Hub; or the id of an entry of the zoo. Wherever it comes from,
 * it is data: only the graphs of an entry are ever executed.
 * @throws {ModelNotFoundError} If the zoo has no entry of this id; it names the most similar ids.
 * @throws {ManifestError} If the card cannot be used.
 */
export async function resolveCard(
  model: string | URL | ModelCard,
  options: ResolveOptions = {},
): Promise<ModelCard> {
  if (model instanceof URL) return await readCard(model, options);
  if (typeof model !== "string") return recheckCard(model);
  if (isHubSpec(model)) return await readCard(hubFolder(model), options);
  if (/^[a-z][a-z0-9+.-]+:|[\\/]|^\.\.?$/i.test(model)) return await readCard(model, options);
  const { zoo } = options;
  const opened = typeof zoo === "object" && !(zoo instanceof URL) ? zoo : openZoo(zoo);
  return await opened.find(model, options);
}
