/** All images of a run, one after the other; one that fails does not stop the others. @module */

import { checkFolders } from "./collisions.ts";
import { described } from "./errors.ts";
import type { Reporter } from "./events.ts";
import { identityOf, placeOf } from "./identity.ts";
import { enlargeFile } from "./enlarge.ts";
import { findInputs, type Inputs, isFifo, isPipe, problemOf } from "./inputs.ts";
import { type Choice, choose, largerEntries, openUpscaler } from "./model.ts";
import { planTargets } from "./outputs.ts";
import { checkPermissions, needsOf } from "./permissions.ts";
import { isOwnResult } from "./provenance.ts";
import { type Settings, UsageError } from "./settings.ts";
import type { Target } from "./target.ts";
import type { Shard } from "./values.ts";
import type { Workshop } from "./workshop.ts";
import type { Writer } from "./writer.ts";

/** What a run is given. */
export interface Batch {
  /** The flags. */
  settings: Settings;
  /** Receives the events. */
  report: Reporter;
  /** Aborts the run. */
  signal: AbortSignal;
  /** Version of this program. */
  program: string;
  /** Makes the writer, once the inputs that it must not overwrite are known. */
  openWriter: (inputs: ReadonlySet<string>) => Writer;
}

/**
 * Processes all inputs.
 *
 * @returns The number of inputs that failed.
 * @throws {UsageError} If the run cannot begin.
 */
export async function runBatch(batch: Batch): Promise<number> {
  const { settings, report, signal } = batch;
  const start = performance.now();
  await checkPermissions(needsOf(settings));
  await checkFolders(settings);
  await checkTruth(settings);
  const choice = await choose(settings.model, {
    zoo: settings.zoo,
    offline: settings.offline,
    signal,
  });
  const found = await findInputs(settings.inputs, settings.out);
  const { inputs, skipped } = settings.again ? found : await withoutResults(found);
  const targets = await planTargets(inputs, settings, choice.card);
  const share = targets.filter((_, i) => inShard(i, settings.shard));
  for (const { path, why } of skipped) report({ event: "skipped", file: path, why });

  const counts = { done: 0, skipped: 0, failed: 0 };
  const shop = await openShop(batch, choice, targets);
  try {
    for (const target of share) counts[await attempt(batch, shop, target)]++;
  } finally {
    await shop.close();
  }
  const seconds = (performance.now() - start) / 1000;
  const all = { ...counts, skipped: counts.skipped + skipped.length };
  report({ event: "summary", ...all, seconds, ...settings.dryRun && { dry: true } });
  return counts.failed;
}

/** Refuses a truth image that does not exist or is not an image, before any work. */
async function checkTruth({ truth }: Settings): Promise<void> {
  if (truth === undefined || await isFifo(truth)) return;
  const problem = await problemOf(truth);
  if (problem) throw new UsageError(problem.message, { cause: problem });
}

/** Leaves out results of this program, which would be enlarged a second time. */
async function withoutResults({ inputs, skipped }: Inputs): Promise<Inputs> {
  const kept: Inputs = { inputs: [], skipped: [...skipped] };
  const why = "it is a result of srzoo; --again enlarges it once more";
  for (const input of inputs) {
    const isOwn = !input.problem && !isPipe(input) && await isOwnResult(input.path);
    if (isOwn) kept.skipped.push({ path: input.path, why });
    else kept.inputs.push(input);
  }
  return kept;
}

/** The workshop; its model is opened when the first image needs it. */
interface Shop {
  open(): Promise<Workshop>;
  close(): Promise<void>;
}

async function openShop(batch: Batch, choice: Choice, targets: readonly Target[]): Promise<Shop> {
  const { settings, report, signal, program } = batch;
  const read = [
    ...targets.map(({ input }) => input.path),
    ...settings.truth === undefined ? [] : [settings.truth],
  ];
  const identities = await Promise.all(read.map(identityOf));
  const writer = batch.openWriter(new Set(identities.filter((id) => id !== undefined)));
  const places = await Promise.all(targets.flatMap(({ paths }) => paths).map(placeOf));
  let opened: Promise<Workshop> | undefined;
  const begin = async () => {
    const upscaler = await openUpscaler(choice, settings, signal, report);
    const { provider, tried, card } = upscaler;
    const notes = tried
      .filter(({ absent }) => !absent || settings.debug)
      .map((row) => `not on ${row.provider}: ${row.reason}`);
    const larger = await largerEntries(card, settings.scale);
    if (larger.length > 0) {
      notes.push(`enlarged beyond x${card.scale} by bicubic; trained for it: ${larger.join(", ")}`);
    }
    report({ event: "start", model: card.id, version: card.version, provider, notes });
    return { settings, upscaler, report, writer, signal, program, claimed: new Set(places) };
  };
  return {
    open: () => opened ??= begin(),
    close: async () =>
      await (await opened?.catch(() => undefined))?.upscaler[Symbol.asyncDispose](),
  };
}

/** Processes one input; an error becomes an event, unless it ends the run. */
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
      report({ event: "skipped", file, why: "its result exists" });
      return "skipped";
    }
    await enlargeFile(await shop.open(), target);
    return "done";
  } catch (error) {
    signal.throwIfAborted();
    if (error instanceof UsageError) throw error;
    report({ event: "error", file, ...described(error, file, settings.debug) });
    return "failed";
  }
}

async function allExist(paths: readonly string[]): Promise<boolean> {
  const identities = await Promise.all(paths.map(identityOf));
  return identities.every((identity) => identity !== undefined);
}

/** Place 0 is in share 0, which is also share n: shares can be counted from 0 or from 1. */
function inShard(place: number, shard?: Shard): boolean {
  return shard === undefined || place % shard.count === shard.index % shard.count;
}
