/** Per-image figures gathered into figures of a set. @module */

import { type Metric, metrics } from "./metrics.ts";
import type { BenchRecord, Row } from "./record.ts";
import type { SpeedRow } from "./speed/row.ts";
import { type Comparison, type Estimate, estimate, mean, paired } from "./statistics.ts";

/** The figures of one method on one set. */
export interface Summary {
  /** Name of the method. */
  readonly method: string;
  /** Key of the set. */
  readonly set: string;
  /** Images measured. */
  readonly images: number;
  /** Seeds of each. */
  readonly seeds: number;
  /** Mean over images and seeds; the interval is that of the set's mean over the seeds. */
  readonly figures: Readonly<Record<string, Estimate>>;
}

/** A summary with the number of images that are missing. */
export interface SetSummary extends Summary {
  /** Images that the method has not finished, though another one has. */
  readonly missing: number;
}

/** Summaries of a set, in the order of the methods. */
export function summaries(record: BenchRecord, set: string): SetSummary[] {
  const found = record.methods.flatMap(({ name }) => {
    const rows = rowsOf(record, set, name);
    return rows.length > 0 ? [summaryOf(rows)] : [];
  });
  const most = Math.max(...found.map(({ images }) => images));
  return found.map((summary) => ({ ...summary, missing: most - summary.images }));
}

/** The rows of one method on one set, without those of older weights or other files. */
export function rowsOf(record: BenchRecord, set: string, method: string): Row[] {
  const methodDigest = record.methods.find(({ name }) => name === method)?.digest;
  const setDigest = record.sets.find(({ key }) => key === set)?.digest;
  return record.rows.filter((row) =>
    row.set === set && row.method === method && row.methodDigest === methodDigest &&
    row.setDigest === setDigest
  );
}

/** The measurements of speed, without those of older weights. */
export function speedOf(record: BenchRecord): SpeedRow[] {
  return record.speed.filter((row) =>
    record.methods.some(({ name, digest }) => name === row.method && digest === row.methodDigest)
  );
}

/** Gathers the rows of one method on one set. */
export function summaryOf(rows: readonly Row[]): Summary {
  const [{ method, set, samples }] = rows;
  const figures: Record<string, Estimate> = {};
  for (const { key } of metrics) {
    const perSeed = samples.map(({ seed }) => mean(rows.map((row) => ofSeed(row, seed, key))));
    const together = rows.map((row) => row.together[key]).filter((value) => value !== undefined);
    if (perSeed.every(Number.isFinite)) figures[key] = estimate(perSeed);
    else if (together.length > 0) figures[key] = { ...estimate(together), half: NaN };
  }
  return { method, set, images: rows.length, seeds: samples.length, figures };
}

function ofSeed(row: Row, seed: number, key: string): number {
  return row.samples.find((sample) => sample.seed === seed)?.figures[key] ?? NaN;
}

/** Value of one image, averaged over its seeds. */
export function valueOf(row: Row, key: string): number {
  return row.together[key] ?? mean(row.samples.map((sample) => sample.figures[key] ?? NaN));
}

/** How two methods compare on a set, by metric; only images that both have count. */
export function compare(
  record: BenchRecord,
  set: string,
  [a, b]: readonly [string, string],
): { metric: Metric; comparison: Comparison }[] {
  const byImage = (method: string) =>
    new Map(rowsOf(record, set, method).map((row) => [row.image, row]));
  const [first, second] = [byImage(a), byImage(b)];
  const images = [...first.keys()].filter((image) => second.has(image));
  return metrics.filter(({ better }) => better).flatMap((metric) => {
    const values = (rows: Map<string, Row>) =>
      images.map((image) => valueOf(rows.get(image)!, metric.key));
    const [x, y] = [values(first), values(second)];
    if (images.length === 0 || ![...x, ...y].every(Number.isFinite)) return [];
    return [{ metric, comparison: paired(x, y) }];
  });
}
