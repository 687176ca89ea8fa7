/** Runs methods over sets; what is finished is kept, what fails is told and passed over. @module */

import type { Image } from "../lib/image/image.ts";
import type { Gallery } from "./gallery.ts";
import { type Figures, figuresOf, figuresOfSamples, type Judges } from "./judges.ts";
import type { Method } from "./methods/method.ts";
import type { Pair } from "./protocols.ts";
import type { BenchRecord, Row, SetRecord } from "./record.ts";

/** A set and how to get its pictures. */
export interface Task {
  /** The set. */
  readonly set: SetRecord;
  /** Its pictures, read one after the other. */
  pairs(): AsyncIterable<Pair>;
}

/** What the runner tells while it works. */
export interface RunEvents {
  /** One picture is done, or was kept from an earlier run. */
  picture(method: string, set: string, image: string, kept: boolean): void;
  /** One picture failed. */
  failed(method: string, reason: string, set: string, image: string): void;
}

/** How to run. */
export interface RunOptions {
  /** Number of seeds of generative methods, from 0. */
  readonly seeds: number;
  /** What judges the results. */
  readonly judges: Judges;
  /** Where crops go; nowhere if absent. */
  readonly gallery?: Gallery;
  /** Sees each result of seed 0, for figures of whole sets. */
  readonly observe?: (set: SetRecord, pair: Pair, method: string, result: Image) => Promise<void>;
  /** Whether `observe` saw the picture in an earlier run. */
  readonly observed?: (set: SetRecord, image: string, method: string) => Promise<boolean>;
  /** Where progress is told. */
  readonly events: RunEvents;
  /** Adds a finished row to the results. */
  readonly finish: (row: Row) => Promise<void>;
  /** Leaves the run; finished rows stay. */
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
  const fitting = tasks.filter(({ set }) =>
    method.scale === undefined || method.scale === set.scale
  );
  for (const { set, pairs } of fitting) {
    for await (const pair of pairs()) {
      signal?.throwIfAborted();
      if (await isFinished(record, method, set, pair, options)) {
        events.picture(method.name, set.key, pair.name, true);
        continue;
      }
      try {
        await options.finish(await measure(method, set, pair, options));
        events.picture(method.name, set.key, pair.name, false);
      } catch (error) {
        signal?.throwIfAborted();
        events.failed(method.name, oneLine(error), set.key, pair.name);
      }
    }
  }
}

/** One line about whatever was thrown. */
export function oneLine(error: unknown): string {
  return (error instanceof Error ? error.message : String(error)).split("\n")[0];
}

function seedsOf(method: Method, seeds: number): number[] {
  return Array.from({ length: method.generative ? seeds : 1 }, (_, seed) => seed);
}

/** Whether the record holds the figures of this very method and picture. */
async function isFinished(
  record: Pick<BenchRecord, "rows">,
  method: Method,
  set: SetRecord,
  pair: Pair,
  { seeds, judges, observed }: RunOptions,
): Promise<boolean> {
  const row = record.rows.find((row) =>
    row.method === method.name && row.set === set.key && row.image === pair.name
  );
  const wanted = seedsOf(method, seeds);
  return row !== undefined && row.methodDigest === method.digest && row.setDigest === set.digest &&
    row.samples.length === wanted.length &&
    Object.keys(judges).every((judge) => judge in row.samples[0].figures) &&
    (await observed?.(set, pair.name, method.name) ?? true);
}

async function measure(
  method: Method,
  set: SetRecord,
  pair: Pair,
  { seeds, judges, gallery, observe, signal }: RunOptions,
): Promise<Row> {
  const pictures: Image[] = [];
  const samples: { seed: number; figures: Figures }[] = [];
  for (const seed of seedsOf(method, seeds)) {
    const start = performance.now();
    const { low, name: image } = pair;
    const input = { low, scale: set.scale, seed, set: set.name, image, signal };
    const result = await method.enlarge(input);
    const seconds = (performance.now() - start) / 1000;
    const figures = { ...await figuresOf(result, pair, set.scale, judges), seconds };
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
