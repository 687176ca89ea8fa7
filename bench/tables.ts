/** Tables for the terminal. @module */

import Table from "cli-table3";
import { metrics } from "./judges.ts";
import type { BenchRecord } from "./record.ts";
import type { Estimate } from "./statistics.ts";
import { compare, summaries } from "./summary.ts";

/** A mean with its interval where there is one, such as `0.2134 ±0.0008`. */
export function show(value: Estimate | undefined, digits: number): string {
  if (!value || !Number.isFinite(value.mean)) return "";
  const half = Number.isFinite(value.half) ? ` ±${value.half.toFixed(digits)}` : "";
  return value.mean.toFixed(digits) + half;
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

/** One set: a line for each method, a column for each metric that any of them has. */
export function setTable(record: BenchRecord, set: string): string {
  const found = summaries(record, set);
  const shown = metrics.filter(({ key }) => found.some(({ figures }) => key in figures));
  const whole = record.whole.filter((entry) => entry.set === set);
  const extra = [...new Set(whole.flatMap(({ figures }) => Object.keys(figures)))];
  const rows = found.map(({ method, images, seeds, figures }) => [
    method,
    ...shown.map(({ key, digits }) => show(figures[key], digits)),
    ...extra.map((key) => whole.find((w) => w.method === method)?.figures[key]?.toFixed(2) ?? ""),
    `${images}x${seeds}`,
  ]);
  return table([set, ...shown.map(({ title }) => title), ...extra, "n"], rows);
}

/** Differences `a - b` on one set. */
export function comparisonTable(
  record: BenchRecord,
  set: string,
  pair: readonly [string, string],
): string {
  const rows = compare(record, set, pair).map(({ metric, comparison }) => {
    const { mean, half, larger, smaller, n } = comparison;
    const sign = mean > 0 ? "+" : "";
    const wins = metric.better === "larger" ? larger : smaller;
    const losses = metric.better === "larger" ? smaller : larger;
    return [
      metric.title,
      sign + show({ mean, half, n }, metric.digits),
      `${wins}`,
      `${losses}`,
      verdict(mean, half, metric.better === "larger"),
    ];
  });
  const [a, b] = pair;
  return table([`${set}: ${a} - ${b}`, "difference", `${a} better`, `${b} better`, "95 %"], rows);
}

function verdict(mean: number, half: number, largerIsBetter: boolean): string {
  if (!(Math.abs(mean) > half)) return "no difference shown";
  return (mean > 0) === largerIsBetter ? "better" : "worse";
}

/** How every shown metric was measured, a line each. */
export function conventions(record: BenchRecord): string {
  const used = metrics.filter(({ key }) =>
    record.rows.some((row) => key in row.together || row.samples.some((s) => key in s.figures))
  );
  return used.map(({ title, convention }) => `${title}: ${convention}`).join("\n");
}
