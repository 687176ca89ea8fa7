/** Finds and opens the entries that `--model` names. @module */

import { cascadeCard } from "../lib/abilities/cascade.ts";
import { type EntrySpec, readSpec } from "../lib/spec.ts";
import {
  cascade,
  type DownloadProgress,
  load,
  type LoadOptions,
  type ModelCard,
  openZoo,
  type ResolveOptions,
  UnsupportedError,
  type Upscaler,
} from "../mod.ts";
import { cardOf } from "./card.ts";
import { described } from "./errors.ts";
import type { Reporter } from "./events.ts";
import type { ModelFlags, Settings } from "./settings.ts";
import { UsageError } from "./usage_error.ts";
import { optionsOf } from "./workshop.ts";

/** What `--model` names: one entry, or several stages of a cascade. */
export interface Choice {
  /** The card of the entry, or of the whole cascade. */
  card: ModelCard;
  /** The entries, each with its own options. */
  stages: readonly { card: ModelCard; options: EntrySpec["options"] }[];
}

/**
 * Parses `sr3+steps=25,srdiff`: entries in their order, each with its options.
 *
 * @throws {UsageError} If there is no such entry, or no such option.
 */
export async function choose(model: string, where: ResolveOptions): Promise<Choice> {
  const names = await isThere(model) ? [model] : model.split(",");
  const stages = await Promise.all(names.map(async (name) => {
    const spec = await isThere(name) ? { model: name, options: {} } : specOf(name);
    return { card: await cardOf(spec.model, where), options: spec.options };
  }));
  const [{ card }] = stages;
  return { card: stages.length === 1 ? card : cascadeCard(stages.map(({ card }) => card)), stages };
}

/** Whether the whole text is the path of a file or folder, even with `,` or `+` in its name. */
function isThere(path: string): Promise<boolean> {
  return Deno.stat(path).then(() => true, () => false);
}

function specOf(name: string): EntrySpec {
  try {
    return readSpec(name);
  } catch (error) {
    throw new UsageError((error as Error).message, { cause: error });
  }
}

/** Loads what was chosen. */
export async function loadChoice({ stages }: Choice, options: LoadOptions): Promise<Upscaler> {
  const opened: { upscaler: Upscaler; options: EntrySpec["options"] }[] = [];
  try {
    for (const stage of stages) {
      opened.push({ upscaler: await load(stage.card, options), options: stage.options });
    }
  } catch (error) {
    for (const { upscaler } of opened) await upscaler[Symbol.asyncDispose]();
    throw error;
  }
  const [{ upscaler, options: own }] = opened;
  return opened.length === 1 && Object.keys(own).length === 0 ? upscaler : cascade(opened);
}

/**
 * Loads the model and tries the options on one pixel.
 *
 * @throws {UsageError} If it refuses one of them.
 */
export async function openUpscaler(
  choice: Choice,
  settings: Settings,
  signal: AbortSignal,
  report: Reporter,
): Promise<Upscaler> {
  const { provider, threads, precision, offline } = settings;
  const onDownload = (progress: DownloadProgress) => report({ event: "download", ...progress });
  const where = { provider, threads, precision, offline, signal, onDownload };
  const upscaler = await loadChoice(choice, where).catch((error) => {
    if (precision && error instanceof UnsupportedError) {
      throw new UsageError(error.message, { cause: error });
    }
    throw error;
  });
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
  "restore",
  "tile",
];

/** Refuses an option that this entry does not have, by the name of its flag. */
function checkFlags({ card, accepts }: Upscaler, settings: Settings): void {
  const known: readonly string[] = [...accepts, ...card.tiling ? ["tile"] : []];
  const refused = MODEL_FLAGS.find((name) => settings[name] !== undefined && !known.includes(name));
  if (refused === undefined) return;
  const flags = MODEL_FLAGS.filter((name) => known.includes(name)).map((name) => `--${name}`);
  const has = flags.length > 0 ? `it has ${flags.join(", ")}` : "it has no options of its own";
  throw new UsageError(`${card.id} does not have --${refused}: ${has}`);
}

/** Ids of entries of the same family that reach the factor of `--scale`; empty if this entry reaches it itself. */
export async function largerEntries(card: ModelCard, scale = 0): Promise<string[]> {
  if (scale <= card.scale) return [];
  const others = await openZoo().list().catch(() => []);
  return others
    .filter((other) => other.family === card.family && other.scale >= scale)
    .map(({ id }) => id);
}
