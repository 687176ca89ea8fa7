/**
 * Processes all images of a run: one is read and one is written while two are enlarged, of which only one at a time runs
 * the networks. An image that fails does not stop the others, and events are reported one image after the other.
 *
 * @module
 */

import { ahead, begun } from "./ahead.ts";
import type { Codec } from "../lib/image/files/codecs/codec.ts";
import { threadedCodec } from "../lib/image/files/codecs/threaded.ts";
import { checkFolders } from "./collisions.ts";
import { described } from "./errors.ts";
import type { Reporter } from "./events.ts";
import { identityOf, placeOf } from "./identity.ts";
import { type Enlarged, enlargeSource, readSource, type Source, writeEnlarged } from "./enlarge.ts";
import { findInputs, type Inputs, isFifo, isPipe, problemOf } from "./inputs.ts";
import { type Choice, choose, largerEntries, openUpscaler } from "./model.ts";
import { planTargets } from "./outputs.ts";
import { checkPermissions, needsOf } from "./permissions.ts";
import { isOwnResult } from "./provenance.ts";
import type { Settings } from "./settings.ts";
import { UsageError } from "./usage_error.ts";
import type { Target } from "./target.ts";
import { type Turn, turnsOf } from "./turns.ts";
import type { Shard } from "./values.ts";
import { budgetOf, loadOf, type Workshop } from "./workshop.ts";
import type { Writer } from "./writer.ts";

/** What a run needs. */
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
    for await (const outcome of outcomesOf(batch, shop, share)) counts[outcome]++;
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
  open(report: Reporter): Promise<Workshop>;
  close(): Promise<void>;
}

async function openShop(batch: Batch, choice: Choice, targets: readonly Target[]): Promise<Shop> {
  const { settings, signal, program } = batch;
  const read = [
    ...targets.map(({ input }) => input.path),
    ...settings.truth === undefined ? [] : [settings.truth],
  ];
  const identities = await Promise.all(read.map(identityOf));
  const writer = batch.openWriter(new Set(identities.filter((id) => id !== undefined)));
  const places = await Promise.all(targets.flatMap(({ paths }) => paths).map(placeOf));
  let opened: Promise<Workshop> | undefined;
  const begin = async (report: Reporter) => {
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
    const load = { read: 0, enlarging: 0, writing: 0 };
    const decoder = decoderFor(targets);
    return { settings, upscaler, decoder, writer, signal, program, claimed: new Set(places), load };
  };
  return {
    open: (report) => opened ??= begin(report),
    close: async () =>
      await (await opened?.catch(() => undefined))?.upscaler[Symbol.asyncDispose](),
  };
}

/** Milliseconds after which the decoding thread ends if there is only one image. */
const SOON = 50;

/**
 * A decoder whose thread, of 13 MB, ends before the only image is enlarged; undefined for several images, and for JPEG
 * and WebP, which are encoded on the same thread.
 */
function decoderFor(targets: readonly Target[]): Codec | undefined {
  const isAlone = targets.length === 1 && targets[0].format === "png";
  return isAlone ? threadedCodec(undefined, SOON) : undefined;
}

/** What becomes of an input. */
type Outcome = "done" | "skipped" | "failed";

/** An input on its way through the stages. */
interface Passage {
  target: Target;
  turn: Turn;
  /** The image, if it was read ahead; otherwise the next stage reads it. */
  source?: Source;
  /** The enlarged image. */
  made?: Enlarged;
  /** Set once the input needs no further stage. */
  outcome?: Outcome;
}

/** Passes all inputs through the stages; at most one waits before each stage, so that memory stays bounded. */
async function* outcomesOf(
  batch: Batch,
  shop: Shop,
  targets: readonly Target[],
): AsyncGenerator<Outcome> {
  const nextTurn = turnsOf(batch.report);
  async function* read(): AsyncGenerator<Passage> {
    for (const target of targets) {
      const passage: Passage = { target, turn: nextTurn() };
      await attempt(batch, passage, () => readAhead(batch, shop, passage));
      yield passage;
    }
  }
  async function enlarge(passage: Passage): Promise<Passage> {
    await attempt(batch, passage, async () => {
      const { target, turn } = passage;
      const workshop = await shop.open(turn.report);
      const source = passage.source ?? await readSource(workshop, target);
      passage.source = undefined;
      passage.made = await enlargeSource(workshop, target, source!, turn);
    });
    return passage;
  }
  for await (const { made: passing } of ahead(begun(ahead(read()), enlarge))) {
    const passage = await passing;
    const { target, turn, made } = passage;
    try {
      await turn.begun;
      await attempt(batch, passage, async () => {
        if (made) await writeEnlarged(await shop.open(turn.report), target, made, turn);
        passage.outcome = "done";
      });
    } finally {
      turn.end(); // even if the run ends, since the next image may wait for it
    }
    yield passage.outcome!;
  }
}

/** Takes an input through one stage, unless it has an outcome; an error becomes an event, unless it ends the run. */
async function attempt(
  { settings, signal }: Batch,
  passage: Passage,
  stage: () => Promise<void>,
): Promise<void> {
  if (passage.outcome) return;
  signal.throwIfAborted();
  try {
    await stage();
  } catch (error) {
    signal.throwIfAborted();
    if (error instanceof UsageError) throw error;
    const file = passage.target.input.path;
    passage.turn.report({ event: "error", file, ...described(error, file, settings.debug) });
    passage.outcome = "failed";
  }
}

/** Reads an input while others are worked on, if there is memory for it; a pipe is read only when it is needed. */
async function readAhead({ settings }: Batch, shop: Shop, passage: Passage): Promise<void> {
  const { target, turn } = passage;
  if (target.input.problem) throw target.input.problem;
  if (settings.skipExisting && await allExist(target.paths)) {
    turn.report({ event: "skipped", file: target.input.path, why: "its result exists" });
    passage.outcome = "skipped";
  } else if (!isPipe(target.input)) {
    const workshop = await shop.open(turn.report);
    const taken = loadOf(workshop);
    const room = taken === 0 ? Infinity : budgetOf(workshop) - taken;
    passage.source = await readSource(workshop, target, room);
  }
}

async function allExist(paths: readonly string[]): Promise<boolean> {
  const identities = await Promise.all(paths.map(identityOf));
  return identities.every((identity) => identity !== undefined);
}

/** Whether a place, from 0, is in the share; share n is share 0, so shares can be counted from 0 or from 1. */
function inShard(place: number, shard?: Shard): boolean {
  return shard === undefined || place % shard.count === shard.index % shard.count;
}
