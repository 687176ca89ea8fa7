/** Which entry the user means, and its opening. @module */

import { resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { type DownloadProgress, openZoo, readCard } from "../lib/zoo/mod.ts";
import { load, type ModelCard, ModelNotFoundError, type Upscaler } from "../mod.ts";
import type { Reporter } from "./events.ts";
import { optionsOf } from "./picture.ts";
import { type Settings, UsageError } from "./settings.ts";

/** An id of the zoo, the URL of a `model.yml`, or a path, which has a slash or is a dot. */
export async function cardOf(model: string, signal: AbortSignal): Promise<ModelCard> {
  try {
    if (/^[a-z]+:\/\//i.test(model)) return await readCard(new URL(model), { signal });
    if (!/[\\/]|^\.\.?$/.test(model)) return await (await openZoo()).find(model);
    const file = model.endsWith(".yml") ? model : resolve(model, "model.yml");
    return await readCard(pathToFileURL(file), { signal });
  } catch (error) {
    if (!(error instanceof ModelNotFoundError)) throw error;
    const isFolder = await Deno.stat(model).then((stat) => stat.isDirectory, () => false);
    const hint = isFolder ? `; for the folder write --model ./${model}` : "";
    throw new UsageError(error.message + hint, { cause: error });
  }
}

/** Loads the model and tries the options on one pixel: what it refuses there is wrong usage. */
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
    const { memory: _, ...options } = optionsOf({ settings, signal });
    upscaler.plan({ width: 1, height: 1 }, options);
  } catch (error) {
    await upscaler[Symbol.asyncDispose]();
    throw new UsageError((error as Error).message, { cause: error });
  }
  return upscaler;
}
