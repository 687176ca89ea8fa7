/** Runs methods on sets: finished images are kept, failed ones are reported and skipped. @module */

import type { Image } from "../lib/image/image.ts";
import type { Gallery } from "./gallery.ts";
import { always, type Figures, figuresOf, figuresOfSamples, type MetricGraphs } from "./figures.ts";
import type { Method } from "./methods/method.ts";
import type { Pair, Source } from "./protocols.ts";
import type { BenchRecord, Row, SetRecord } from "./record.ts";

/** A set and how to get its images. */
export interface Task {
  /** The set. */
  readonly set: SetRecord;
  /** Names of its images. */
  readonly images: readonly string[];
  /** Reads one of them and cuts its pairs out; none where it is too small for the protocol. */
  read(image: string): Promise<readonly Source[]>;
  /** All pairs with a truth, read one after the other; ends with the first that cannot be read. */
  pairs(): AsyncIterable<Pair>;
}

/** What the runner reports. */
export interface RunEvents {
  /** One image is done by a method, or was kept from an earlier run, or failed. */
  picture(method: string, set: string, image: string, kept: boolean): void;
  /** One image failed; it could not be read if there is no method. */
  failed(method: string | undefined, reason: string, set: string, image: string): void;
  /** One image is too small for the protocol. */
  leftOut?(set: string, image: string): void;
}

/** How to run. */
export interface RunOptions {
  /** Number of seeds of generative methods, from 0. */
  readonly seeds: number;
  /** The graphs of metrics. */
  readonly metricGraphs: MetricGraphs;
  /** Where crops go; nowhere if absent. */
  readonly gallery?: Gallery;
  /** Is given each result of seed 0, for figures of whole sets. */
  readonly observe?: (set: SetRecord, pair: Source, method: string, result: Image) => Promise<void>;
  /** Whether `observe` saw the image in an earlier run. */
  readonly observed?: (set: SetRecord, image: string, method: string) => Promise<boolean>;
  /** Called as the run goes on. */
  readonly events: RunEvents;
  /** Adds a finished row to the results. */
  readonly finish: (row: Row) => Promise<void>;
  /** Aborts the run; finished rows stay. */
  readonly signal?: AbortSignal;
}

/** Runs one method over the sets of its scale. */
export async function runMethod(
  method: Method,
  tasks: readonly Task[],
  record: Pick<BenchRecord, "rows">,
  options: RunOptions,
): Promise<void> {
  const { events, signal } = options;
  for (const task of tasks) {
    if (method.scale !== undefined && method.scale !== task.set.scale) continue;
    for (const image of task.images) {
      signal?.throwIfAborted();
      const pairs = await readPairs(task, image, events);
      let kept = pairs !== undefined;
      for (const pair of pairs ?? []) {
        signal?.throwIfAborted();
        if (!await runPair(method, task.set, pair, record, options)) kept = false;
      }
      events.picture(method.name, task.set.key, image, kept);
    }
  }
}

/** The pairs of an image; undefined, and reported, if it cannot be read. */
async function readPairs(
  { set, read }: Task,
  image: string,
  events: RunEvents,
): Promise<readonly Source[] | undefined> {
  try {
    const found = await read(image);
    if (found.length === 0) events.leftOut?.(set.key, image);
    return found;
  } catch (error) {
    events.failed(undefined, oneLine(error), set.key, image);
  }
}

/** Measures one pair; true if it was kept from an earlier run. */
async function runPair(
  method: Method,
  set: SetRecord,
  pair: Source,
  record: Pick<BenchRecord, "rows">,
  options: RunOptions,
): Promise<boolean> {
  const { events, finish, gallery, signal } = options;
  try {
    if (!await isFinished(record, method, set, pair, options)) {
      await finish(await measure(method, set, pair, options));
      return false;
    }
    if (!gallery || await gallery.has(set.key, pair.name, method.name)) return true;
    // The results file came without its crops: keep the figures, and make the image again for the report.
    await gallery.keep(set.key, pair, method.name, await enlarged(method, set, pair, 0, signal));
  } catch (error) {
    signal?.throwIfAborted();
    events.failed(method.name, oneLine(error), set.key, pair.name);
  }
  return false;
}

async function enlarged(
  method: Method,
  set: SetRecord,
  { low, name: image }: Source,
  seed: number,
  signal?: AbortSignal,
): Promise<Image> {
  return await method.enlarge({ low, scale: set.scale, seed, set: set.name, image, signal });
}

/** One line about an error. */
export function oneLine(error: unknown): string {
  return (error instanceof Error ? error.message : String(error)).split("\n")[0];
}

function seedsOf(method: Method, seeds: number): number[] {
  return Array.from({ length: method.generative ? seeds : 1 }, (_, seed) => seed);
}

/** Whether the record holds all figures of this method and image; NaN does not count as one. */
async function isFinished(
  record: Pick<BenchRecord, "rows">,
  method: Method,
  set: SetRecord,
  pair: Source,
  { seeds, metricGraphs, observed }: RunOptions,
): Promise<boolean> {
  const row = record.rows.find((row) =>
    row.method === method.name && row.set === set.key && row.image === pair.name
  );
  const wanted = seedsOf(method, seeds);
  return row !== undefined && row.methodDigest === method.digest && row.setDigest === set.digest &&
    row.samples.length === wanted.length &&
    row.samples.every(({ figures }) =>
      always(metricGraphs, pair.truth !== undefined).every((graph) =>
        Number.isFinite(figures[graph])
      )
    ) &&
    (await observed?.(set, pair.name, method.name) ?? true);
}

async function measure(
  method: Method,
  set: SetRecord,
  pair: Source,
  { seeds, metricGraphs, gallery, observe, signal }: RunOptions,
): Promise<Row> {
  const pictures: Image[] = [];
  const samples: { seed: number; figures: Figures }[] = [];
  for (const seed of seedsOf(method, seeds)) {
    const start = performance.now();
    const result = await enlarged(method, set, pair, seed, signal);
    const seconds = (performance.now() - start) / 1000;
    const figures = { ...await figuresOf(result, pair, set.scale, metricGraphs), seconds };
    samples.push({ seed, figures });
    pictures.push(result);
  }
  await gallery?.keep(set.key, pair, method.name, pictures[0]);
  await observe?.(set, pair, method.name, pictures[0]);
  return {
    method: method.name,
    methodDigest: method.digest,
    set: set.key,
    setDigest: set.digest,
    image: pair.name,
    samples,
    together: pictures.length > 1 ? figuresOfSamples(pictures, pair) : {},
  };
}
