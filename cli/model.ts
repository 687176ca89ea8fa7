/** Which entry the user means, and its opening. @module */

import {
  type DownloadProgress,
  load,
  type ModelCard,
  ModelNotFoundError,
  openZoo,
  resolveCard,
  type Upscaler,
} from "../mod.ts";
import { described } from "./errors.ts";
import type { Reporter } from "./events.ts";
import { type ModelFlags, type Settings, UsageError } from "./settings.ts";
import { optionsOf } from "./workshop.ts";

/**
 * The card of `--model`.
 *
 * @throws {UsageError} If the zoo has no such entry.
 */
export async function cardOf(model: string, signal: AbortSignal): Promise<ModelCard> {
  try {
    return await resolveCard(model, { signal });
  } catch (error) {
    if (!(error instanceof ModelNotFoundError)) throw error;
    const isFolder = await Deno.stat(model).then((stat) => stat.isDirectory, () => false);
    const hint = isFolder ? `; for the folder write --model ./${model}` : "";
    throw new UsageError(error.message + hint, { cause: error });
  }
}

/**
 * Loads the model and tries the options on one pixel.
 *
 * @throws {UsageError} If it refuses one of them.
 */
export async function openUpscaler(
  card: ModelCard,
  settings: Settings,
  signal: AbortSignal,
  report: Reporter,
): Promise<Upscaler> {
  const { provider, threads } = settings;
  const onDownload = (progress: DownloadProgress) => report({ event: "download", ...progress });
  const upscaler = await load(card, { provider, threads, signal, onDownload });
  try {
    checkFlags(upscaler, settings);
    const { memory: _, ...options } = optionsOf({ settings, signal });
    upscaler.plan({ width: 1, height: 1 }, options);
  } catch (error) {
    await upscaler[Symbol.asyncDispose]();
    if (error instanceof UsageError) throw error;
    throw new UsageError(described(error).message, { cause: error });
  }
  return upscaler;
}

const MODEL_FLAGS: readonly (keyof ModelFlags)[] = [
  "steps",
  "sampler",
  "seed",
  "samples",
  "temperature",
  "fidelity",
  "tile",
];

/** Refuses by its flag what this entry does not have. */
function checkFlags({ card, accepts }: Upscaler, settings: Settings): void {
  const known: readonly string[] = [...accepts, ...card.tiling ? ["tile"] : []];
  const refused = MODEL_FLAGS.find((name) => settings[name] !== undefined && !known.includes(name));
  if (refused === undefined) return;
  const flags = MODEL_FLAGS.filter((name) => known.includes(name)).map((name) => `--${name}`);
  const has = flags.length > 0 ? `it has ${flags.join(", ")}` : "it has no options of its own";
  throw new UsageError(`${card.id} does not have --${refused}: ${has}`);
}

/** Entries that were trained for a larger factor than this one, as far as `--scale` asks for it. */
export async function largerEntries(card: ModelCard, scale = 0): Promise<string[]> {
  if (scale <= card.scale) return [];
  const others = await openZoo().list().catch(() => []);
  return others
    .filter((other) => other.family === card.family && other.scale >= scale)
    .map(({ id }) => id);
}
