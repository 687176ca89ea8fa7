/** Which entry a name means. @module */

import type { ModelCard } from "./card.ts";
import { hubFolder, isHubSpec } from "./hub.ts";
import { readCard, recheckCard } from "./read.ts";
import type { ReadOptions } from "./source.ts";
import { openZoo, type Zoo } from "./zoo.ts";

/** Where names are looked up. */
export interface ResolveOptions extends ReadOptions {
  /**
   * A zoo, or the path or URL of its folder or of its `index.yml`.
   *
   * @default {the zoo of this package}
   */
  zoo?: Zoo | string | URL;
}

/**
 * The card of an entry, however it is named.
 *
 * @param model A card; the URL of a `model.yml` or of its folder; a path to one, which has a slash or is a dot;
 * `hf:owner/repo[@revision]` of the Hugging Face Hub; or the id of an entry of the zoo. It is data wherever it
 * comes from: nothing of an entry is ever run but its graphs.
 * @throws {ModelNotFoundError} If the zoo has no entry of this id; it names those that come nearest.
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
