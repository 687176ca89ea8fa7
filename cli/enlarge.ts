/** The stages of one image: reading, enlarging, writing. @module */

import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { decodingBytes } from "../lib/image/files/read.ts";
import { encodeImage, type Image, type Plan, type Preview, readImage } from "../mod.ts";
import type { Size, Upscaled } from "../mod.ts";
import {
  measurePace,
  memoryOf,
  paceAfter,
  type ResultSize,
  resultSize,
  secondsLeft,
  secondsOf,
  writingMemory,
} from "./cost.ts";
import { checkSpace } from "./destinations.ts";
import type { PlanChoices } from "./events.ts";
import type { Input } from "./inputs.ts";
import { encoded, factsOf, writeResults } from "./results.ts";
import { contactSheet, stateCollector } from "./sheet.ts";
import { previewOf, type Target } from "./target.ts";
import type { Turn } from "./turns.ts";
import { budgetOf, optionsOf, type Workshop } from "./workshop.ts";

/** An image that was read, and the plan to enlarge it. */
export interface Source {
  image: Image;
  plan: Plan;
}

/** An enlarged image that is not written yet. */
export interface Enlarged {
  source: Source;
  result: Upscaled;
  size: ResultSize;
  /** What a contact sheet shows besides the input and the result. */
  shown: { truth?: Image; states: readonly Image[] };
  /** Bytes of memory that it takes until it is written. */
  memory: number;
  /** Seconds that it took. */
  seconds: number;
}

/**
 * Reads an image and makes its plan.
 *
 * @param room Bytes of memory that decoding may take while other images are worked on.
 * @returns The image and its plan; undefined if decoding takes more.
 */
export async function readSource(
  { settings, upscaler, signal, load, decoder: codec }: Workshop,
  { input }: Target,
  room = Infinity,
): Promise<Source | undefined> {
  const noRoom = new Error("other images take the memory");
  const options = optionsOf({ settings, signal });
  let plan!: Plan;
  const onSize = (size: Size) => {
    if (decodingBytes * size.width * size.height > room) throw noRoom;
    plan = upscaler.plan(size, options);
  };
  try {
    const { memory } = settings;
    const image = await readImage(fileOf(input), { signal, memory, onSize, codec });
    load.read = plan.memory;
    return { image, plan };
  } catch (error) {
    if (error === noRoom) return undefined;
    throw error;
  }
}

/**
 * Enlarges an image; a dry run only reports what that would take.
 *
 * @param turn Receives the events.
 * @returns The enlarged image; undefined after a dry run.
 */
export async function enlargeSource(
  shop: Workshop,
  target: Target,
  source: Source,
  turn: Turn,
): Promise<Enlarged | undefined> {
  const { settings, load } = shop;
  const { plan } = source;
  const size = resultSize(plan, settings.scale);
  const peak = memoryOf(plan, size, target.format, settings.memory);
  if (peak + load.enlarging + load.writing > budgetOf(shop)) await turn.begun;
  load.enlarging += peak;
  try {
    const truth = await readTruth(shop);
    await report(shop, target, source, { size, peak, turn });
    if (settings.dryRun) return undefined;

    const start = performance.now();
    const { states, see } = stateCollector();
    const result = await followed(shop, { target, source, turn }, see);
    // Time in which the image before it was still being enlarged counts for that one.
    const seconds = (performance.now() - Math.max(start, shop.enlarged ?? 0)) / 1000;
    shop.enlarged = performance.now();
    const memory = writingMemory(plan, size, target.format);
    load.writing += memory;
    return { source, result, size, shown: { truth, states }, memory, seconds };
  } finally {
    load.enlarging -= peak;
  }
}

/** Writes the results of an image, and reports that it is done. */
export async function writeEnlarged(
  shop: Workshop,
  target: Target,
  made: Enlarged,
  turn: Turn,
): Promise<void> {
  const { settings, upscaler, load } = shop;
  const { result, size } = made;
  const start = performance.now();
  try {
    const { outputs, notes } = await writeResults(shop, target, result, size);
    if (settings.sheet !== undefined) {
      await writeSheet(shop, made);
      notes.push(`contact sheet in ${settings.sheet}`);
    }
    const writing = (performance.now() - start) / 1000;
    const seconds = made.seconds + writing;
    shop.pace = paceAfter(shop.pace!, { all: seconds, writing }, made.source.plan);
    turn.report({
      event: "done",
      file: target.input.path,
      outputs,
      ...size,
      scale: settings.scale ?? upscaler.card.scale,
      model: result.model,
      version: upscaler.card.version,
      provider: result.provider,
      precision: result.precision,
      ...factsOf(result),
      seconds,
      notes,
    });
  } finally {
    load.writing -= made.memory;
  }
}

/** Reads the image that `--truth` names, if any. */
async function readTruth(
  { settings: { truth, memory }, signal }: Workshop,
): Promise<Image | undefined> {
  if (truth !== undefined) return await readImage(fileOf({ path: truth }), { signal, memory });
}

/** Reports the plan of an image: sizes, choices, memory and time. */
async function report(
  shop: Workshop,
  target: Target,
  { image: source, plan }: Source,
  { size, peak, turn }: { size: ResultSize; peak: number; turn: Turn },
): Promise<void> {
  const { settings, upscaler } = shop;
  await checkSpace(target, size.width * size.height);
  shop.pace ??= settings.quiet
    ? { fixed: 0, unit: 0, writing: 0 } // not shown
    : await (shop.measured ??= measurePace(upscaler, source, target.format, optionsOf(shop)));
  turn.report({
    event: "plan",
    file: target.input.path,
    outputs: target.paths,
    width: source.width,
    height: source.height,
    outputWidth: size.width,
    outputHeight: size.height,
    ...choicesOf(plan),
    ...settings.dryRun && { seed: settings.seed, dry: true },
    memoryBytes: peak,
    seconds: secondsOf(shop.pace, plan),
  });
}

/** The choices of a plan besides the sizes. */
function choicesOf({ generative, regions, runs, ...plan }: Plan): PlanChoices {
  const drawn = { seed: plan.seed, sampler: plan.sampler, steps: plan.steps, graph: plan.graph };
  return {
    ...generative ? drawn : {},
    restore: plan.restore,
    samples: plan.samples,
    regions: regions.rows.length * regions.columns.length,
    runs,
  };
}

/** Where an input is read from. A pipe may have no end, so it is read as a stream with a limit. */
function fileOf({ path }: Pick<Input, "path">): URL | Response {
  return path === "-" ? new Response(Deno.stdin.readable) : pathToFileURL(path);
}

/** Executes the plan, reports progress, and writes the image of each step if `--previews` asks for it. */
async function followed(
  shop: Workshop,
  { target, source: { image, plan }, turn }: { target: Target; source: Source; turn: Turn },
  see: (preview: Preview) => Promise<void>,
): Promise<Upscaled> {
  const { upscaler, settings } = shop;
  const start = performance.now();
  const stream = upscaler.stream(image, {
    ...plan,
    onProgress: (progress) => {
      const spent = (performance.now() - start) / 1000;
      const left = secondsLeft(shop.pace!, plan, { fraction: progress.fraction, spent });
      turn.report({
        event: "progress",
        file: target.input.path,
        ...progress,
        secondsLeft: left,
      });
    },
  });
  let next = await stream.next();
  for (; !next.done; next = await stream.next()) {
    const { sample, step } = next.value;
    if (settings.sheet !== undefined) await see(next.value);
    if (settings.previews === undefined) continue;
    const path = previewOf(target.preview, { sample, samples: plan.samples, step });
    const bytes = await encoded(shop, target.format, await next.value.image());
    await shop.writer.write(join(settings.previews, path), bytes);
  }
  return next.value;
}

/** Writes the contact sheet of the first sample, as PNG. */
async function writeSheet(
  { settings: { sheet }, signal, writer }: Workshop,
  { source: { image: source }, shown, result: { images: [result] } }: Enlarged,
): Promise<void> {
  const image = contactSheet({ source, ...shown, result });
  await writer.write(sheet!, await encodeImage(image, { format: "png", signal }));
}
