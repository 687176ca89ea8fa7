/** Finds and opens the metric graphs. @module */

import { findLpips, lpipsNames } from "../cli/zoo/lpips.ts";
import type { MetricGraphs, WithLpips } from "./figures.ts";

/** Graphs that are open until they are disposed of. */
export interface OpenGraphs<Graphs extends MetricGraphs = MetricGraphs> extends AsyncDisposable {
  /** The graphs that were found. */
  readonly metricGraphs: Graphs;
  /** What is missing, and why. */
  readonly notes: readonly string[];
}

/** Opens all LPIPS graphs that are found. */
export async function openMetricGraphs(given?: string, threads?: number): Promise<OpenGraphs> {
  const found = [];
  for (const name of lpipsNames) found.push({ name, ...await findLpips(name, given, threads) });
  const opened = found.filter(({ lpips }) => lpips);
  return {
    metricGraphs: Object.fromEntries(opened.map(({ name, lpips }) => [name, lpips])),
    notes: found.flatMap(({ notes }) => notes),
    async [Symbol.asyncDispose]() {
      for (const { lpips } of opened) await lpips![Symbol.asyncDispose]();
    },
  };
}

/**
 * Opens the graphs for work that needs LPIPS.
 *
 * @param work What cannot be done without it, such as "measure the zoo".
 * @throws {Error} If LPIPS with AlexNet is not found; the message says where it was looked for.
 */
export async function openWithLpips(
  work: string,
  given?: string,
  threads?: number,
): Promise<OpenGraphs<WithLpips>> {
  const opened = await openMetricGraphs(given, threads);
  if (opened.metricGraphs.lpips) return opened as OpenGraphs<WithLpips>;
  await opened[Symbol.asyncDispose]();
  throw new Error(`Cannot ${work} without LPIPS. ${opened.notes.join(". ")}`);
}
