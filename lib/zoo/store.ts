/** Fetches the files of an entry: from beside the card, or over the network into a cache. @module */

import { IntegrityError, ManifestError } from "../errors.ts";
import { onServer } from "../platform.ts";
import { sha256Of } from "../sha256.ts";
import { addressFault } from "./address.ts";
import type { DownloadProgress } from "./cache.ts";
import type { ModelCard } from "./card.ts";
import { download } from "./download.ts";
import { readFile } from "./file.ts";
import { limits } from "./limits.ts";
import { fileIn } from "./names.ts";
import { nameOf } from "./place.ts";
import { RequestError } from "./http.ts";
import { checkReading, openCache, type ReadOptions } from "./source.ts";
import { ownZoo } from "./zoo.ts";

/** Options of fetching files of an entry. */
export interface FetchOptions extends ReadOptions {
  /** Called with each piece of a download; never for files that are already on this machine. */
  onDownload?: (progress: DownloadProgress) => void;
}

/** A file of an entry that is not on this machine and cannot be downloaded now. */
export class NotHereError extends Error {
  /** Makes the error; the message says what would bring the file here. */
  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = "NotHereError";
  }
}

/**
 * The bytes of one graph of a card.
 *
 * @throws {TypeError} If the card has no such graph.
 * @throws {IntegrityError} If the bytes differ from what the card says.
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

/** The recorded run of a card, or undefined; fails as {@linkcode fetchGraph} does. */
export async function fetchFixture(
  card: ModelCard,
  options: FetchOptions = {},
): Promise<Uint8Array | undefined> {
  return card.fixture ? await fetchFile(card, card.fixture, options) : undefined;
}

/** A file as a card describes it. */
interface CardFile {
  file: string;
  sha256: string;
  url?: string;
  mirrors?: readonly string[];
  bytes?: number;
}

async function fetchFile(
  card: ModelCard,
  entry: CardFile,
  options: FetchOptions,
): Promise<Uint8Array> {
  try {
    return await fetchAny(card, entry, options);
  } catch (cause) {
    if (!(card.base?.startsWith(ownZoo.href) && isMissing(cause))) throw cause;
    throw new NotHereError(
      `Cannot find ${entry.file} of ${card.id}: it is not beside its card. The package of srzoo holds the ` +
        `smaller weights only, its repository all of them: load CLONE/zoo/${card.id} from a clone`,
      { cause },
    );
  }
}

/** Whether an error means that a file does not exist. */
function isMissing(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  const { code } = error as { code?: unknown };
  const isGone = error instanceof RequestError && (error.status === 404 || error.status === 410);
  return code === "ENOENT" || isGone || isMissing(error.cause);
}

async function fetchAny(
  card: ModelCard,
  entry: CardFile,
  options: FetchOptions,
): Promise<Uint8Array> {
  const { file, sha256, bytes } = entry;
  checkReading(options);
  options.signal?.throwIfAborted();
  const places = placesOf(card, entry);
  if (places[0].protocol === "file:" && onServer) {
    return await readVerified(places[0], entry, options.signal);
  }
  const cache = await openCache(options.cache);
  const kept = async () => {
    const found = await cache.get(sha256);
    return found && await sha256Of(found) === sha256 ? found : undefined;
  };
  const before = await kept();
  if (before) return before;
  if (options.offline) {
    throw new NotHereError(
      `Cannot fetch ${file} of ${card.id}: it is not in ${cache.name}, and the network must not ` +
        `be used. Load the model once without offline`,
    );
  }
  const limit = bytes ?? limits.fixture;
  const wanted = { ...options, places, file, sha256, bytes, limit };
  return await cache.keep(sha256, async (sink) => {
    const meanwhile = await kept();
    if (!meanwhile) return await download(wanted, sink);
    await sink.clear();
    await sink.write(meanwhile);
    return meanwhile;
  });
}

/** All places of a file, each allowed. */
function placesOf(card: ModelCard, { file, url, mirrors = [] }: CardFile): URL[] {
  if (!url && !card.base) {
    throw new Error(
      `Cannot find ${file} of ${card.id}: its card was not read from a folder or URL`,
    );
  }
  const base = card.base === undefined ? undefined : new URL(card.base);
  const places = url ? [new URL(url)] : [fileIn(file, base!)];
  if (!url && base!.protocol === "file:") return places;
  places.push(...mirrors.map((mirror) => new URL(mirror)));
  for (const place of places) {
    const fault = addressFault(place, base);
    if (fault) throw new ManifestError(`${card.id}#graphs`, `${nameOf(place)}: ${fault}`);
  }
  return places;
}

async function readVerified(
  url: URL,
  { sha256, bytes }: CardFile,
  signal?: AbortSignal,
): Promise<Uint8Array> {
  // A little more than the card says, so that a changed file can be told from an endless one.
  const limit = bytes === undefined ? limits.fixture : bytes + 2 ** 20;
  const content = await readFile(url, limit, signal).catch((cause) => {
    signal?.throwIfAborted();
    throw new Error(`Cannot read ${nameOf(url)}: ${cause.message}`, { cause });
  });
  const actual = await sha256Of(content);
  if (actual !== sha256) throw new IntegrityError(nameOf(url), sha256, actual);
  if (bytes === undefined || bytes === content.length) return content;
  throw new ManifestError(nameOf(url), `its card says ${bytes} bytes, it has ${content.length}`);
}
