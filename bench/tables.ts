/** Results as tables, which other modules write as text, Markdown or HTML. @module */

import Table from "cli-table3";
import { type Metric, metrics } from "./metrics.ts";
import type { BenchRecord } from "./record.ts";
import type { Estimate } from "./statistics.ts";
import { compare, summaries, type Summary } from "./summary.ts";

/** A table that terminal, report and README share. */
export interface TextTable {
  /** Titles of the columns. */
  readonly head: string[];
  /** Lines. */
  readonly rows: string[][];
  /** Columns of text besides the first, which are aligned to the left. */
  readonly words?: readonly number[];
  /** Which cells hold the best value of their column. */
  readonly best?: readonly (readonly boolean[])[];
  /** Notes below it. */
  readonly notes: readonly string[];
}

/** A mean with its interval where there is one, such as `0.2134 ±0.0008`. */
export function show(value: Estimate | undefined, digits: number): string {
  if (!value || !Number.isFinite(value.mean)) return "";
  const half = Number.isFinite(value.half) ? ` ±${value.half.toFixed(digits)}` : "";
  return value.mean.toFixed(digits) + half;
}

/** A difference with its sign and interval, such as `+0.21 ±0.08`. */
export function signed(value: Estimate, digits: number): string {
  return (value.mean > 0 ? "+" : "") + show(value, digits);
}

/** A table in box characters, without colours. */
export function table(head: string[], rows: string[][]): string {
  const grid = new Table({
    head,
    style: { head: [], border: [], compact: true },
    colAligns: head.map((_, i) => i === 0 ? "left" : "right"),
  });
  grid.push(...rows);
  return grid.toString();
}

/** The metrics that at least one method of a set has, without times, which depend on the load. */
function shownMetrics(found: readonly Summary[]): Metric[] {
  return metrics.filter(({ key }) =>
    key !== "seconds" && found.some(({ figures }) => key in figures)
  );
}

/** One set: a line for each method, a column for each metric that any of them has. */
export function setTable(record: BenchRecord, set: string): TextTable {
  const found = summaries(record, set);
  const shown = shownMetrics(found);
  const whole = record.whole.filter((entry) => entry.set === set);
  const extra = [...new Set(whole.flatMap(({ figures }) => Object.keys(figures)))];
  const rows = found.map(({ method, images, missing, seeds, figures }) => [
    method,
    ...shown.map(({ key, digits }) => show(figures[key], digits)),
    ...extra.map((key) => whole.find((w) => w.method === method)?.figures[key]?.toFixed(2) ?? ""),
    `${missing > 0 ? `${images} of ${images + missing}` : images} x ${seeds}`,
  ]);
  const complete = found.filter(({ missing }) => missing === 0);
  const best = found.map((summary) => [
    false,
    ...shown.map((metric) => isBest(metric, summary, complete)),
  ]);
  return {
    head: [set, ...shown.map(({ title }) => title), ...extra, "n"],
    rows,
    best,
    notes: complete.length < found.length
      ? [
        "n: images x seeds. Methods that did not finish all images cannot be compared with the others.",
      ]
      : ["n: images x seeds."],
  };
}

/** Whether no finished method has a better value at the digits that are shown. */
function isBest(
  { key, better, digits }: Metric,
  summary: Summary,
  finished: readonly Summary[],
): boolean {
  if (!better || !summary.figures[key] || !finished.includes(summary)) return false;
  const rounded = ({ figures }: Summary) => Number(figures[key]?.mean.toFixed(digits) ?? NaN);
  const values = finished.map(rounded).filter((value) => !Number.isNaN(value));
  return rounded(summary) === (better === "larger" ? Math.max : Math.min)(...values);
}

/** Differences `a - b` on one set; no rows where they have no image in common. */
export function comparisonTable(
  record: BenchRecord,
  set: string,
  [a, b]: readonly [string, string],
): TextTable {
  const found = compare(record, set, [a, b]);
  const rows = found.map(({ metric, comparison }) => {
    const { mean, half, larger, smaller } = comparison;
    const isLarger = metric.better === "larger";
    return [
      metric.title,
      signed(comparison, metric.digits),
      String(isLarger ? larger : smaller),
      String(isLarger ? smaller : larger),
      verdict(a, mean, half, isLarger),
    ];
  });
  const images = found[0]?.comparison.n ?? 0;
  return {
    head: [`${set}: ${a} - ${b}`, "difference", `${a} better`, `${b} better`, "at 95 %"],
    rows,
    words: [4],
    notes: [`Image by image on ${images} images, with the interval over the images.`],
  };
}

function verdict(name: string, mean: number, half: number, largerIsBetter: boolean): string {
  if (!(Math.abs(mean) > half)) return "no difference shown";
  return `${name} ${(mean > 0) === largerIsBetter ? "better" : "worse"}`;
}

/** What the methods are. */
export function methodTable(record: BenchRecord): TextTable {
  const rows = record.methods.map(({ name, facts }) => [
    name,
    facts.kind,
    facts.parameters ? `${(facts.parameters / 1e6).toFixed(2)} M` : "",
    facts.bytes ? `${(facts.bytes / 1e6).toFixed(1)} MB` : "",
    facts.precision ?? "",
    facts.provider === "none" ? "" : facts.provider ?? "",
    facts.nfe === undefined ? "" : String(facts.nfe),
  ]);
  const head = ["method", "what", "parameters", "weights", "precision", "provider", "NFE"];
  return {
    head,
    rows,
    words: [1, 4, 5],
    notes: [
      "NFE: evaluations of the denoiser. Parameters and weights: of all graphs of the entry.",
    ],
  };
}

/** How every shown metric was measured, a line each. */
export function conventions(record: BenchRecord): string {
  return usedMetrics(record).map(({ title, convention }) => `${title}: ${convention}`).join("\n");
}

/** The metrics that any table shows. */
export function usedMetrics(record: BenchRecord): Metric[] {
  return shownMetrics(record.sets.flatMap(({ key }) => summaries(record, key)));
}
