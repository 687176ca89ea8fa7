/** The entries that can be loaded by name. @module */

import * as z from "zod/mini";
import { ManifestError, ModelNotFoundError } from "../errors.ts";
import type { ModelCard } from "./card.ts";
import { limits, maximumEntries } from "./limits.ts";
import { ENTRY_ID, ENTRY_ID_RULE } from "./names.ts";
import { nearest } from "./nearest.ts";
import { english } from "./issues.ts";
import { asFolder, nameOf, toUrl } from "./place.ts";
import { readCard, recheckCard } from "./read.ts";
import { type ReadOptions, readText } from "./source.ts";
import { parseYaml } from "./yaml.ts";

/** The schema of `index.yml`: the ids of all entries, each in a folder of its name. */
const indexSchema = z.array(z.string().check(z.regex(ENTRY_ID, ENTRY_ID_RULE)));

/** Cards that are asked for at once. */
const AT_ONCE = 8;

/** Entries by id. Its index and its cards are read when they are first asked for. */
export interface Zoo {
  /** All cards, in the order of the index, then those registered. */
  list(options?: ReadOptions): Promise<ModelCard[]>;
  /**
   * The card of one entry.
   *
   * @throws {ModelNotFoundError} If there is none; it names the most similar ids.
   * @throws {ManifestError} If its card cannot be used.
   */
  find(id: string, options?: ReadOptions): Promise<ModelCard>;
  /**
   * Adds an entry for as long as this object lives; `publish()` adds one to a folder.
   *
   * @throws {ManifestError} If the card cannot be used, or its id is taken; nothing is changed then.
   */
  register(card: ModelCard): Promise<void>;
}

/** The zoo of this package: beside the code, in a checkout and in a published module alike. */
export const ownZoo: URL = new URL(/* @vite-ignore */ "../../zoo/", import.meta.url);

/**
 * Opens a zoo; nothing is read yet.
 *
 * @param source Folder with an `index.yml`, or that file, as a path or URL. By default the zoo of this package.
 */
export function openZoo(source: string | URL = ownZoo): Zoo {
  const place = toUrl(source);
  const folder = place.pathname.endsWith("/index.yml") ? new URL(".", place) : asFolder(place);
  const registered = new Map<string, ModelCard>();

  async function readIndex(options?: ReadOptions): Promise<string[]> {
    const url = new URL("index.yml", folder);
    return parseIndex(await readText(url, limits.index, options), url);
  }

  async function readEntry(id: string, options?: ReadOptions): Promise<ModelCard> {
    const url = new URL(`${id}/model.yml`, folder);
    const card = await readCard(url, options);
    if (card.id === id) return card;
    throw new ManifestError(`${nameOf(url)}#id`, `"${card.id}" is not the folder's name, "${id}"`);
  }

  return {
    async list(options) {
      const ids = await readIndex(options);
      const cards: ModelCard[] = [];
      for (let i = 0; i < ids.length; i += AT_ONCE) {
        const some = ids.slice(i, i + AT_ONCE);
        cards.push(...await Promise.all(some.map((id) => readEntry(id, options))));
      }
      return [...cards, ...registered.values()];
    },
    async find(id, options) {
      const own = registered.get(id);
      if (own) return own;
      const ids = await readIndex(options);
      if (ids.includes(id)) return await readEntry(id, options);
      const all = [...ids, ...registered.keys()];
      throw new ModelNotFoundError(id, nearest(id, all), all);
    },
    async register(card) {
      const checked = recheckCard(card);
      const taken = (await readIndex()).includes(card.id) || registered.has(card.id);
      if (taken) {
        throw new ManifestError(`${card.id}#id`, "the zoo already has an entry with this id");
      }
      registered.set(card.id, checked);
    },
  };
}

/**
 * Parses the text of an `index.yml`.
 *
 * @throws {ManifestError} If it is not a list of different ids.
 */
export function parseIndex(text: string, url: URL): string[] {
  // An empty file, or one of comments alone, is an empty zoo.
  const { success, data, error } = indexSchema.safeParse(
    parseYaml(text, nameOf(url)) ?? [],
    { error: english },
  );
  if (!success) {
    throw new ManifestError(nameOf(url), `${error.issues[0].message}, for a list of ids`);
  }
  if (data.length > maximumEntries) {
    throw new ManifestError(
      nameOf(url),
      `it lists ${data.length} entries, more than ${maximumEntries}`,
    );
  }
  const seen = new Set<string>();
  for (const id of data) {
    if (seen.has(id)) throw new ManifestError(nameOf(url), `"${id}" is listed twice`);
    seen.add(id);
  }
  return data;
}
