/** What all abilities are measured with: an entry, images, metrics, and the figures that are kept. @module */

import type { Upscaler } from "../../mod.ts";
import type { WithLpips } from "../figures.ts";
import { digestOf } from "../methods/entry.ts";
import type { Pair } from "../protocols.ts";
import { type BenchRecord, putRow, type Row, type SetRecord } from "../record.ts";
import type { Task } from "../runner.ts";

/** The part of a row that is measured. */
export type Measured = Pick<Row, "samples" | "together">;

/**
 * What happens to rows that the results file lacks: they are counted, measured or left out. `show` also shows all
 * rows of the file, however many images are asked for.
 */
export type Mode = "count" | "measure" | "show";

/** One thing that is measured on every image. */
export interface Probe {
  /** Name in the results file; it contains every choice that the figures depend on. */
  readonly name: string;
  /** Number of images, the first of the set. */
  readonly images: number;
  /** Measures one image. */
  measure(pair: Pair): Promise<Measured>;
}

/** An entry on a set. */
export interface Study {
  /** The entry. */
  readonly upscaler: Upscaler;
  /** LPIPS with AlexNet, and with SqueezeNet if it was found. */
  readonly metricGraphs: WithLpips;
  /** The set. */
  readonly set: SetRecord;
  /** All its images. */
  readonly pairs: readonly Pair[];
  /** Aborts the work. */
  readonly signal: AbortSignal;
  /** Number of images for a name such as `steps:8`: its own limit, or that of `steps`, of `all`, or `normally`. */
  images(name: string, normally?: number): number;
  /** The rows of a probe: kept ones as they are, the others measured now. */
  run(probe: Probe): Promise<Row[]>;
  /** One row, kept or measured now; undefined if it is missing and nothing is to be measured. */
  keep(probe: string, image: string, measure: () => Promise<Measured>): Promise<Row | undefined>;
}

/** The parts of a study. */
export interface StudyOptions extends Pick<Study, "upscaler" | "metricGraphs" | "signal"> {
  /** The set. */
  readonly task: Task;
  /** Where finished rows are kept. */
  readonly record: BenchRecord;
  /** Numbers of images by name; `all` stands for what is not named. */
  readonly limits: Readonly<Record<string, number>>;
  /** What happens now to rows that are not kept. */
  readonly mode: () => Mode;
  /** Called with each row that was measured now. */
  readonly finish: (row: Row) => Promise<void>;
  /** Called with each row that is counted. */
  readonly missing: () => void;
}

/** Begins a study. */
export async function studyOf(options: StudyOptions): Promise<Study> {
  const { upscaler, metricGraphs, signal, task, record, limits, mode, finish, missing } = options;
  const { set } = task;
  const pairs = await Array.fromAsync(task.pairs());
  const methodDigest = await digestOf(upscaler);
  const kept = (method: string, image: string) =>
    record.rows.find((row) =>
      row.method === method && row.methodDigest === methodDigest &&
      row.set === set.key && row.setDigest === set.digest && row.image === image
    );
  const keep: Study["keep"] = async (probe, image, measure) => {
    const method = `${upscaler.card.id} ${probe}`;
    const old = kept(method, image);
    if (old) return old;
    if (mode() === "count") missing();
    if (mode() !== "measure") return undefined;
    signal.throwIfAborted();
    const place = { method, methodDigest, set: set.key, setDigest: set.digest, image };
    const row = { ...place, ...await measure() };
    putRow(record, row);
    await finish(row);
    return row;
  };
  return {
    upscaler,
    metricGraphs,
    set,
    pairs,
    signal,
    keep,
    images(name, normally = Infinity) {
      if (mode() === "show") return Infinity;
      return limits[name] ?? limits[name.replace(/:.*/, "")] ?? limits.all ?? normally;
    },
    async run({ name, images, measure }) {
      const rows: Row[] = [];
      for (const pair of pairs.slice(0, images)) {
        const row = await keep(name, pair.name, () => measure(pair));
        if (row) rows.push(row);
      }
      return rows;
    },
  };
}
