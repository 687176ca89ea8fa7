/** All pictures of a run, one after the other; one that fails does not stop the others. @module */

import { dirname, resolve } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { openZoo, readCard } from "../lib/zoo/mod.ts";
import { load, type ModelCard, ModelNotFoundError, type Upscaler } from "../mod.ts";
import type { Reporter } from "./events.ts";
import { identityOf, placeOf } from "./identity.ts";
import { findInputs } from "./inputs.ts";
import { planTargets, type Target } from "./outputs.ts";
import { checkPermissions } from "./permissions.ts";
import { enlargePicture, optionsOf, type Workshop } from "./picture.ts";
import { type Settings, type Shard, UsageError } from "./settings.ts";
import type { Writer } from "./writer.ts";

/** What a run is given. */
export interface Batch {
  /** The flags. */
  settings: Settings;
  /** Takes what is to be told. */
  report: Reporter;
  /** Ends the run. */
  signal: AbortSignal;
  /** Version of this program. */
  program: string;
  /** Makes the writer, once the inputs that it must spare are known. */
  openWriter: (inputs: ReadonlySet<string>) => Writer;
}

/**
 * Does a whole run.
 *
 * @returns The number of inputs that failed.
 * @throws {UsageError} If the run cannot begin.
 */
export async function runBatch(batch: Batch): Promise<number> {
  const { settings, report, signal } = batch;
  const start = performance.now();
  await checkPermissions(needsOf(settings));
  await checkFolders(settings);
  const card = await cardOf(settings.model, signal);
  const { inputs, skipped } = await findInputs(settings.inputs, settings.out);
  const targets = await planTargets(inputs, settings, card);
  const share = targets.filter((_, i) => inShard(i, settings.shard));
  for (const { path, why } of skipped) report({ event: "skipped", file: path, why });

  const counts = { done: 0, skipped: 0, failed: 0 };
  const shop = await openShop(batch, card, targets);
  try {
    for (const target of share) counts[await attempt(batch, shop, target)]++;
  } finally {
    await shop.close();
  }
  const seconds = (performance.now() - start) / 1000;
  report({ event: "summary", ...counts, skipped: counts.skipped + skipped.length, seconds });
  return counts.failed;
}

/** The workshop, whose model is opened for the first picture that needs it. */
interface Shop {
  open(): Promise<Workshop>;
  close(): Promise<void>;
}

async function openShop(batch: Batch, card: ModelCard, targets: readonly Target[]): Promise<Shop> {
  const { settings, report, signal, program } = batch;
  const identities = await Promise.all(targets.map(({ input }) => identityOf(input.path)));
  const writer = batch.openWriter(new Set(identities.filter((id) => id !== undefined)));
  const places = await Promise.all(targets.flatMap(({ paths }) => paths).map(placeOf));
  let opened: Promise<Workshop> | undefined;
  const begin = async () => {
    const upscaler = await openUpscaler(card, settings, signal);
    const { provider, tried } = upscaler;
    const notes = tried.map((row) => `  not on ${row.provider}: ${row.reason}`);
    report({ event: "start", model: card.id, version: card.version, provider, notes });
    return { settings, upscaler, report, writer, signal, program, claimed: new Set(places) };
  };
  return {
    open: () => opened ??= begin(),
    close: async () =>
      await (await opened?.catch(() => undefined))?.upscaler[Symbol.asyncDispose](),
  };
}

/** Loads the model and tries the options on one pixel: what it refuses there is wrong usage. */
async function openUpscaler(
  card: ModelCard,
  settings: Settings,
  signal: AbortSignal,
): Promise<Upscaler> {
  const { provider, threads } = settings;
  const upscaler = await load(card, { provider, threads, signal });
  try {
    const { memory: _, ...options } = optionsOf({ settings, signal });
    upscaler.plan({ width: 1, height: 1 }, options);
  } catch (error) {
    await upscaler[Symbol.asyncDispose]();
    throw new UsageError((error as Error).message, { cause: error });
  }
  return upscaler;
}

/** Does one input; an error becomes an event, unless it ends the run. */
async function attempt(
  { settings, report, signal }: Batch,
  shop: Shop,
  target: Target,
): Promise<"done" | "skipped" | "failed"> {
  const file = target.input.path;
  signal.throwIfAborted();
  try {
    if (target.input.problem) throw target.input.problem;
    if (settings.skipExisting && await allExist(target.paths)) {
      report({ event: "skipped", file, why: "its result is there" });
      return "skipped";
    }
    await enlargePicture(await shop.open(), target);
    return "done";
  } catch (error) {
    signal.throwIfAborted();
    if (error instanceof UsageError) throw error;
    report({ event: "error", file, ...described(error, file, settings.debug) });
    return "failed";
  }
}

/** One line that names the file, and the stack if it is wanted. */
export function described(
  error: unknown,
  file?: string,
  debug?: boolean,
): { message: string; stack?: string } {
  const cause = error instanceof Error ? error : new Error(String(error));
  const text = cause.message.replace(/\s*\n\s*/g, " ");
  const message = file === undefined || text.includes(file) ? text : `${file}: ${text}`;
  return debug ? { message, stack: cause.stack } : { message };
}

async function allExist(paths: readonly string[]): Promise<boolean> {
  const identities = await Promise.all(paths.map(identityOf));
  return identities.every((identity) => identity !== undefined);
}

/** Place 0 is in share 0, which is also share n, whether they are counted from 0 or from 1. */
function inShard(place: number, shard?: Shard): boolean {
  return shard === undefined || place % shard.count === shard.index % shard.count;
}

/** An id of the zoo, the URL of a `model.yml`, or a path, which has a slash or is a dot. */
async function cardOf(model: string, signal: AbortSignal): Promise<ModelCard> {
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

/** What must be allowed: the package with its zoo, the inputs, the folders of the results. */
function needsOf({ inputs, output, out, previews, model }: Settings): Parameters<
  typeof checkPermissions
>[0] {
  const files = inputs.filter((input) => input !== "-");
  const written = out !== undefined
    ? [out]
    : output === undefined
    ? files.map((file) => dirname(file))
    : output === "-"
    ? []
    : [dirname(output)];
  const home = new URL("../", import.meta.url);
  const folders = [...written, ...previews === undefined ? [] : [previews]];
  const models = /[\\/]/.test(model) && !model.includes("://") ? [model] : [];
  return {
    read: [
      ...home.protocol === "file:" ? [fileURLToPath(home)] : [],
      ...models,
      ...files,
      ...folders,
    ],
    write: folders,
  };
}

/** Refuses a folder where a file is wanted, and the other way round. */
async function checkFolders({ output, out, previews }: Settings): Promise<void> {
  const stat = (path: string) => Deno.stat(path).catch(() => undefined);
  for (const folder of [out, previews]) {
    if (folder !== undefined && (await stat(folder))?.isDirectory === false) {
      throw new UsageError(`${folder} is no folder: give the name of one, or of none`);
    }
  }
  const file = output === undefined || output === "-" ? undefined : await stat(output);
  if (file?.isDirectory) throw new UsageError(`${output} is a folder: write --out ${output}`);
  if (file && !file.isFile) {
    throw new UsageError(`${output} is no ordinary file: write -o - and send it there`);
  }
}
