/** Where the bytes of graphs come from: beside the card, or over the network into a cache. @module */

import { IntegrityError } from "../errors.ts";
import { sha256Of } from "../sha256.ts";
import type { Download, DownloadProgress, WeightCache } from "./cache.ts";
import type { ModelCard } from "./card.ts";
import { openFolderCache } from "./folder_cache.ts";
import { openPageCache } from "./page_cache.ts";
import { fileIn } from "./names.ts";
import { nameOf, readBytes } from "./source.ts";

/** How files of an entry are fetched. */
export interface FetchOptions {
  /** Leaves a download; what was received is kept for the next attempt, never as the file itself. */
  signal?: AbortSignal;
  /** Called with each piece of a download; never for what is on this machine already. */
  onDownload?: (progress: DownloadProgress) => void;
  /**
   * Folder that downloads are kept in.
   *
   * @default {the environment's SRZOO_CACHE, or `srzoo` in the platform's folder of caches}
   */
  cache?: string;
  /**
   * Refuses to use the network.
   *
   * @default {false}
   */
  offline?: boolean;
}

/**
 * The bytes of one graph of a card.
 *
 * @throws {TypeError} If the card has no such graph.
 * @throws {IntegrityError} If the bytes are not the promised ones.
 * @throws {Error} If the file is missing or the download fails.
 */
export async function fetchGraph(
  card: ModelCard,
  name: string,
  options: FetchOptions = {},
): Promise<Uint8Array> {
  if (Object.hasOwn(card.graphs, name)) return await fetchFile(card, card.graphs[name], options);
  const names = Object.keys(card.graphs).join(", ") || "none";
  throw new TypeError(`Cannot fetch the graph "${name}" of ${card.id}: its graphs are ${names}`);
}

/** The recorded run of a card, where it has one; fails as {@linkcode fetchGraph} does. */
export async function fetchFixture(
  card: ModelCard,
  options: FetchOptions = {},
): Promise<Uint8Array | undefined> {
  return card.fixture ? await fetchFile(card, card.fixture, options) : undefined;
}

/** A file as a card tells it. */
interface CardFile {
  file: string;
  sha256: string;
  url?: string;
  bytes?: number;
}

async function fetchFile(
  card: ModelCard,
  { file, sha256, url, bytes }: CardFile,
  options: FetchOptions,
): Promise<Uint8Array> {
  options.signal?.throwIfAborted();
  if (!url && !card.base) {
    throw new Error(
      `Cannot find ${file} of ${card.id}: its card was not read from a folder or URL`,
    );
  }
  const place = url ? new URL(url) : fileIn(file, card.base!);
  if (!url && place.protocol === "file:") return await readVerified(place, sha256, options);
  const download: Download = { url: place, file, sha256, bytes, ...options };
  const cache: WeightCache = "Deno" in globalThis
    ? openFolderCache(options.cache)
    : await openPageCache();
  const kept = await cache.get(sha256);
  if (kept && await sha256Of(kept) === sha256) return kept;
  if (options.offline) {
    throw new Error(
      `Cannot fetch ${file} of ${card.id}: it is not in ${cache.name} and the network is not to ` +
        `be used. Load the model once without offline`,
    );
  }
  return await cache.fetch(download);
}

async function readVerified(url: URL, sha256: string, options: FetchOptions): Promise<Uint8Array> {
  const bytes = await readBytes(url, options);
  const actual = await sha256Of(bytes);
  if (actual !== sha256) throw new IntegrityError(nameOf(url), sha256, actual);
  return bytes;
}
