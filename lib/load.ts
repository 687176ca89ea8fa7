/** Loads entries of the zoo, on this thread or in a worker. @module */

import { checkNames } from "./checks.ts";
import type { EntryOptions } from "./entry.ts";
import { type ImageGenerator, openGenerator } from "./generator.ts";
import { generatorInWorker } from "./remote/generator.ts";
import { upscalerInWorker } from "./remote/upscaler.ts";
import { openUpscaler, type Upscaler } from "./upscaler.ts";
import type { ModelCard } from "./zoo/card.ts";

/** A worker for the whole library, with its script. */
export interface LibraryWorker {
  /** URL of the script: the bundle of `jsr:@srzoo/core/library`. */
  library: string | URL;
}

/** How an entry is loaded. */
export interface LoadOptions extends Omit<EntryOptions, "worker"> {
  /**
   * Whether the whole library runs in a worker, so that the calling thread stays responsive; the images are the same.
   * `{ library }` means true, and gives the URL of the worker's script if a page's bundler does not find it.
   *
   * Functions that are given as options are still called on this thread. Every preview of a stream is made, whether or
   * not its image is asked for. The worker holds the entry's memory until `close()`.
   *
   * A URL leaves the library on this thread. It is that of the script that runs networks and codecs, the bundle of
   * `jsr:@srzoo/core/worker`, for a page whose bundler does not find it.
   *
   * @default {false}
   */
  worker?: boolean | string | URL | LibraryWorker;
}

/**
 * Opens an entry of the zoo that enlarges images.
 *
 * @param model Id of an entry, path or URL of a `model.yml` or its folder, or a card. A path has a slash or
 * is a dot.
 * @throws {ModelNotFoundError} If the zoo has no such entry.
 * @throws {ManifestError} If the card cannot be used.
 * @throws {IntegrityError} If a graph differs from what the card says.
 * @throws {ProviderError} If no provider can run it.
 * @throws {UnsupportedError} If it generates images without an input.
 */
export async function load(
  model: string | URL | ModelCard,
  options: LoadOptions = {},
): Promise<Upscaler> {
  const { isRemote, entry } = placeOf(options);
  return await (isRemote ? upscalerInWorker(model, entry) : openUpscaler(model, entry));
}

/**
 * Opens an entry of the zoo that generates images without an input.
 *
 * @param model Id of an entry, URL of a `model.yml`, or a card.
 * @throws {ModelNotFoundError} If the zoo has no such entry.
 * @throws {ManifestError} If the card cannot be used.
 * @throws {IntegrityError} If a graph differs from what the card says.
 * @throws {ProviderError} If no provider can run it.
 * @throws {UnsupportedError} If it enlarges images.
 */
export async function loadGenerator(
  model: string | URL | ModelCard,
  options: LoadOptions = {},
): Promise<ImageGenerator> {
  const { isRemote, entry } = placeOf(options);
  return await (isRemote ? generatorInWorker(model, entry) : openGenerator(model, entry));
}

/** The names of all options. */
const OPTIONS = [
  ...["provider", "threads", "precision", "worker", "wasmPaths", "zoo", "cache", "offline"],
  ...["signal", "timeout", "retries", "callTimeout", "onDownload"],
] as const;

/** Where an entry is opened, and how. */
function placeOf(
  given: LoadOptions,
): { isRemote: boolean; entry: EntryOptions & { library?: string | URL } } {
  checkNames(given, OPTIONS);
  const { worker = false, ...options } = given;
  if (typeof worker === "boolean") return { isRemote: worker, entry: options };
  if (typeof worker === "string" || worker instanceof URL) {
    return { isRemote: false, entry: { ...options, worker } };
  }
  const { library } = Object(worker);
  if (typeof library === "string" || library instanceof URL) {
    return { isRemote: true, entry: { ...options, library } };
  }
  throw new TypeError(
    "Cannot use the option worker: it must be true or false, a URL, or { library } with a URL",
  );
}
