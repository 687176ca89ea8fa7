/** Resolves the name of an entry. @module */

import { checkObject } from "../checks.ts";
import type { ModelCard } from "./card.ts";
import { hubFolder, isHubSpec } from "./hub.ts";
import { toUrl } from "./place.ts";
import { readCard, recheckCard } from "./read.ts";
import type { ReadOptions } from "./source.ts";
import { openZoo, ownZoo, type Zoo } from "./zoo.ts";

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
  if (typeof model !== "string") {
    checkObject("model", model, "an id, a path, a URL or a card");
    return recheckCard(model);
  }
  if (isHubSpec(model)) return await readCard(hubFolder(model), options);
  if (isPlace(model)) return await readCard(model, options);
  const { zoo } = options;
  return await (isZoo(zoo) ? zoo : openZoo(zoo)).find(model, options);
}

/** Names that mean the same everywhere. */
export interface FixedPlaces {
  /** Absolute URL, or id of an entry, or a card. */
  model: string | ModelCard;
  /** URL of the zoo of the id. */
  zoo: string;
}

/**
 * Names for another thread, which resolves relative places elsewhere and has other objects.
 *
 * @throws {ModelNotFoundError} If the zoo is an object and has no such entry.
 */
export async function fixPlaces(
  model: string | URL | ModelCard,
  options: ResolveOptions = {},
): Promise<FixedPlaces> {
  const { zoo = ownZoo } = options;
  if (isZoo(zoo)) return { model: await resolveCard(model, options), zoo: ownZoo.href };
  const isNamed = model instanceof URL ||
    typeof model === "string" && !isHubSpec(model) && isPlace(model);
  return { model: isNamed ? toUrl(model).href : model, zoo: toUrl(zoo).href };
}

/** Whether a name is a path or a URL. */
function isPlace(model: string): boolean {
  return /^[a-z][a-z0-9+.-]+:|[\\/]|^\.\.?$/i.test(model);
}

function isZoo(zoo?: Zoo | string | URL): zoo is Zoo {
  return typeof zoo === "object" && !(zoo instanceof URL);
}
